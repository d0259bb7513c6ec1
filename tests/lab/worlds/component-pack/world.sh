# shellcheck shell=bash disable=SC2034
# The world of the Component Pack migration: two clusters side by side, an NFS server for each, two HTTP servers
# of Connections, and the proxy that clients come by.

MACHINES_TABLE='
admin    30  admin    -
cp-old   31  cluster  -
cp-new   32  cluster  -
nfs-old  33  nfs      -
nfs-new  34  nfs      -
ihs      35  web      -  internal.connections.lab
ihs-2    36  web      -
front    37  front    -  connections.lab
'

# A kubectl of another origin will do as well.
PACKAGES_WORLD='
kubernetes-client  /usr/bin/kubectl
apache2-bin        /usr/sbin/apache2
nginx-light        /usr/sbin/nginx
redis-server       /usr/bin/redis-server
jq                 /usr/bin/jq
python3-yaml       /usr/lib/python3/dist-packages/yaml/__init__.py
'

TLS_NAMES=(connections.lab '*.connections.lab')

world_build() {
    local store=$1 pryv=$LAB_HOME/worlds/pryv/images
    # MongoDB's stand-in is the one of the other world.
    cp "$pryv"/shared/web.py "$pryv"/mongodb/{bson.py,server.py,mongodump,mongorestore} "$store/world/programs/"
    cp "$pryv/mongodb/mongod" "$store/world/programs/mongod-server"
    /usr/bin/python3 -I "$WORLD_HOME/seed/make.py" "$store/seed"
    # What the NFS servers export is seen by the machines that mount it.
    mkdir -p "$STATE/share"
}
