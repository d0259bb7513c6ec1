# shellcheck shell=bash
# The container images, made on the spot from the box's own programs, and kept as tars.
#
# There is no registry to pull from: a machine that lacks an image imports its tar from the store, which
# every machine sees, read-only, as /opt/lab.

images_build() {
    local store=$STATE/store
    mkdir -p "$store/images" "$store/machine"
    cp "$LAB_HOME/machine/init.sh" "$store/machine/"
    world_files "$store"
    say "making container images"
    image_nginx "$STATE/build/nginx"
    image_influxdb "$STATE/build/influxdb"
    image_python "$STATE/build/mongodb" "$LAB_HOME/images/mongodb"
    mkdir -p "$STATE/build/mongodb/app/bin/mongodb/bin"
    for name in mongod mongodump mongorestore mongo; do
        mv "$STATE/build/mongodb/app/$name" "$STATE/build/mongodb/app/bin/mongodb/bin/"
    done
    image_python "$STATE/build/core" "$LAB_HOME/images/core"
    image_python "$STATE/build/register" "$LAB_HOME/images/register"
    for name in nginx influxdb mongodb core register; do
        tar -C "$STATE/build/$name" --sort=name --numeric-owner --owner=0 --group=0 -cf "$store/images/$name.tar" .
    done
    rm -rf "$STATE/build"
}

# A root with a merged /usr, a shell, and the names a program expects to find.
image_root() {
    local root=$1 dir
    mkdir -p "$root"/{app,dev,etc,proc,root,run,sys,tmp,usr/bin,usr/sbin,usr/lib,usr/lib64,var/log,var/lib}
    chmod 1777 "$root/tmp"
    for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done
    printf 'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/:/bin/false\npryv:x:9999:9999:pryv:/app:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nwww-data:x:33:\npryv:x:9999:\n' >"$root/etc/group"
    echo 'hosts: files' >"$root/etc/nsswitch.conf"
    image_program "$root" /usr/bin/busybox
    for dir in sh ls cat ps grep find du head tail sha256sum wc rm mkdir sleep; do ln -s busybox "$root/usr/bin/$dir"; done
}

# Copies a program or library of the box, with the shared libraries it names.
image_program() {
    local root=$1 file=$2 lib
    [ ! -e "$root$file" ] || return 0
    install -D -m 755 "$(readlink -f "$file")" "$root$file"
    while read -r lib; do
        [ -e "$root$lib" ] || install -D -m 755 "$(readlink -f "$lib")" "$root$lib"
    done < <(ldd "$file" 2>/dev/null | grep -o '/[^ ]*')
}

image_nginx() {
    image_root "$1"
    image_program "$1" /usr/sbin/nginx
    mkdir -p "$1"/{etc/nginx,var/log/nginx,var/lib/nginx}
}

image_influxdb() {
    image_root "$1"
    image_program "$1" /usr/bin/influxd
    image_program "$1" /usr/bin/influx
    mkdir -p "$1/pryv"
    cp "$LAB_HOME/images/influxdb.conf" "$1/pryv/"
}

# A Python that holds the modules our programs load, and the programs.
image_python() {
    local root=$1 programs=$2 file
    image_root "$root"
    image_program "$root" /usr/bin/python3
    while read -r file; do
        case $file in
            *.so) image_program "$root" "$file" ;;
            *) install -D -m 644 "$file" "$root$file" ;;
        esac
    done < <(/usr/bin/python3 -I "$LAB_HOME/images/modules.py")
    cp "$LAB_HOME"/images/shared/*.py "$root/app/"
    cp "$programs"/* "$root/app/"
}
