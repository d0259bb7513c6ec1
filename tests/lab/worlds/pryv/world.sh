# shellcheck shell=bash disable=SC2034
# The world of the Pryv.io core migration: a core in use, an empty one, and two registers.

MACHINES_TABLE='
source      11  core      docker
dest        12  core      docker
register    21  register  docker  reg-master
register-2  22  register  docker
'

PACKAGES_WORLD='
nginx-light      /usr/sbin/nginx
influxdb         /usr/bin/influxd
influxdb-client  /usr/bin/influx
jq               /usr/bin/jq
busybox-static   /usr/bin/busybox
python3-yaml     /usr/lib/python3/dist-packages/yaml/__init__.py
'

# A container of the procedure finds the others by these names; each has a loopback address of its own.
HOSTS_WORLD='127.0.0.1 influxdb
127.0.0.2 core
127.0.0.3 hfs
127.0.0.4 preview
127.0.0.5 mfa
127.0.0.6 mongodb'

TLS_NAMES=(co1.pryv.lab '*.pryv.lab')

world_build() {
    local store=$1 name programs=$WORLD_HOME/images
    say "making users' data (${DATA_MB} MiB of attachments)"
    /usr/bin/python3 -I "$WORLD_HOME/seed/make.py" "$store/seed" "$DATA_MB"
    sed -i "s/@SOURCE@/$(address source)/; s/@REGISTER@/$(address register)/; s/@REGISTER_2@/$(address register-2)/" \
        "$store/world/register/platform.yml"

    say "making container images"
    image_root "$STATE/build/nginx"
    image_program "$STATE/build/nginx" /usr/sbin/nginx
    mkdir -p "$STATE"/build/nginx/{etc/nginx,var/log/nginx,var/lib/nginx}

    image_root "$STATE/build/influxdb"
    image_program "$STATE/build/influxdb" /usr/bin/influxd
    image_program "$STATE/build/influxdb" /usr/bin/influx
    mkdir -p "$STATE/build/influxdb/pryv"
    cp "$programs/influxdb.conf" "$STATE/build/influxdb/pryv/"

    image_python "$STATE/build/mongodb" "$programs/modules.py" "$programs/shared" "$programs/mongodb"
    mkdir -p "$STATE/build/mongodb/app/bin/mongodb/bin"
    for name in mongod mongodump mongorestore mongo; do
        mv "$STATE/build/mongodb/app/$name" "$STATE/build/mongodb/app/bin/mongodb/bin/"
    done
    image_python "$STATE/build/core" "$programs/modules.py" "$programs/shared" "$programs/core"
    image_python "$STATE/build/register" "$programs/modules.py" "$programs/shared" "$programs/register"
    images_pack
}

world_env() { printf 'LAB_USERS=%q\nLAB_PRYV_CONF_ROOT=%q\n' "ana bruno chloe" /var/pryv; }
