# shellcheck shell=bash
# Container images, made on the spot from the box's own programs, and kept as tars.
#
# There is no registry to pull from: a machine that lacks an image imports its tar from the store, which
# every machine sees, read-only, as /opt/lab. A world builds its images in $STATE/build and packs them.

# Makes a tar in the store of every folder that was built.
images_pack() {
    local root
    for root in "$STATE"/build/*/; do
        root=${root%/}
        tar -C "$root" --sort=name --numeric-owner --owner=0 --group=0 -cf "$STATE/store/images/${root##*/}.tar" .
    done
    rm -rf "$STATE/build"
}

# A root with a merged /usr, a shell, and the names a program expects to find. Needs busybox-static.
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

# image_python ROOT MODULES FOLDER…: a Python that holds what MODULES, a program, prints the names of, and in
# /app the programs of the folders.
image_python() {
    local root=$1 modules=$2 file
    shift 2
    image_root "$root"
    image_program "$root" /usr/bin/python3
    while read -r file; do
        case $file in
            *.so) image_program "$root" "$file" ;;
            *) install -D -m 644 "$file" "$root$file" ;;
        esac
    done < <(/usr/bin/python3 -I "$modules")
    for file in "$@"; do cp "$file"/* "$root/app/"; done
}
