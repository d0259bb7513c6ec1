#!/bin/bash
# Runs as the first process of a machine's new namespaces: makes its file system and moves into it.
# Arguments: name, set-up folder, state folder, network, last number of the address, control group, docker or -.
set -euo pipefail

assemble() {
    local name=$1 role=$2 state=$3 net=$4 octet=$5 cgroup=$6 docker=$7
    local pid stat dir new=/mnt/root

    # /proc is still the box's, so this is the process id as the box sees it.
    stat=$(</proc/self/stat)
    pid=${stat%% *}
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    echo "$pid ${20}" >"$state/machines/$name/pid"

    mount -t tmpfs -o size=4g,mode=755 lab-disk /mnt
    mkdir /mnt/upper /mnt/work /mnt/root /mnt/docker
    # Not on the box's disk: an overlay refuses an upper folder that lies inside its lower one.
    mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work lab-root "$new"

    hide_the_box "$new" "$state"
    make_devices "$new/dev"
    mount -t proc proc "$new/proc"
    mount -t sysfs sysfs "$new/sys"
    mount --rbind /sys/fs/cgroup "$new/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 run "$new/run"
    mount -t tmpfs -o mode=1777 tmp "$new/tmp"

    # dockerd's folder may not lie on the overlay: an overlay cannot be the upper layer of another.
    mkdir -p "$new/var/lib/docker" "$new/opt/lab" "$new/run/lab"
    mount --bind /mnt/docker "$new/var/lib/docker"
    mount --bind "$state/store" "$new/opt/lab"
    mount -o remount,bind,ro "$new/opt/lab"
    mount --bind "$state/machines/$name/shared" "$new/run/lab"
    # What all machines of a world can write to, where it has such a thing: it stands for a network's storage.
    if [ -d "$state/share" ]; then
        mkdir -p "$new/srv/nfs"
        mount --bind "$state/share" "$new/srv/nfs"
    fi

    for dir in sshd docker; do mkdir -p "$new/run/$dir"; done
    ssh_files "$new" "$state" "$name"
    net_files "$new" "$state" "$name"
    cat "$state/ca.crt" >>"$new/etc/ssl/certs/ca-certificates.crt"

    hostname "$name"
    mkdir "$new/run/box"
    cd "$new"
    pivot_root . run/box
    cd /
    umount -l /run/box
    rmdir /run/box
    # Nothing of the caller's environment: with an XDG_RUNTIME_DIR of the box in it, whose folder is not
    # here, containerd cannot start a program in a container.
    exec /usr/bin/env -i /bin/bash /opt/lab/machine/init.sh "$name" "$role" "$net.$octet" "$cgroup" "$docker"
}

# Homes, local programs, logs and every folder that is not a part of the distribution stay the box's own
# affair; so does the lab's state, which holds the operator's private key.
hide_the_box() {
    local new=$1 state=$2 entry
    for entry in "$new"/*; do
        if [ ! -d "$entry" ] || [ -L "$entry" ]; then continue; fi
        case ${entry##*/} in
            bin | sbin | lib | lib32 | lib64 | libx32 | etc | usr | var | dev | proc | sys | run | tmp) ;;
            *) mount -t tmpfs -o mode=755 empty "$entry" ;;
        esac
    done
    chmod 700 "$new/root"
    for entry in usr/local var/log var/tmp var/mail var/spool; do
        [ ! -d "$new/$entry" ] || mount -t tmpfs -o mode=755 empty "$new/$entry"
    done
    chmod 1777 "$new/var/tmp"
    mkdir -p "$new/usr/local/bin" "$new/usr/local/sbin" "$new/usr/local/lib"
    # And what a runbook has made on the box itself, and the states of all labs: with the operators' keys.
    for entry in "$new"/var/*; do
        case ${entry##*/} in
            backups | cache | lib | local | lock | log | mail | opt | run | spool | tmp) ;;
            *) rm -rf "$entry" ;;
        esac
    done
    # In a lab's state folder is a file of this name, and the folder may be called so itself.
    for entry in "$new"/var/lib/*/runsheet-lab; do
        [ ! -f "$entry" ] || mount -t tmpfs -o mode=700 empty "${entry%/runsheet-lab}"
    done
    [ ! -e "$new$state/runsheet-lab" ] || mount -t tmpfs -o mode=700 empty "$new$state"
}

make_devices() {
    local dev=$1 node
    mount -t tmpfs -o mode=755 dev "$dev"
    for node in null zero full random urandom tty; do
        : >"$dev/$node"
        mount --bind "/dev/$node" "$dev/$node"
    done
    mkdir "$dev/pts" "$dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$dev/pts"
    mount -t tmpfs -o mode=1777 shm "$dev/shm"
    ln -s pts/ptmx "$dev/ptmx"
    ln -s /proc/self/fd "$dev/fd"
    ln -s /proc/self/fd/0 "$dev/stdin"
    ln -s /proc/self/fd/1 "$dev/stdout"
    ln -s /proc/self/fd/2 "$dev/stderr"
}

# The lab's key may log in, and that is all: no machine holds a key for another or knows its host key.
ssh_files() {
    local new=$1 state=$2 name=$3
    mount -t tmpfs -o mode=755 ssh "$new/etc/ssh"
    cp /etc/ssh/moduli "$new/etc/ssh/" 2>/dev/null || true
    install -m 600 "$state/machines/$name/ssh_host_ed25519_key" "$new/etc/ssh/"
    install -m 644 "$state/machines/$name/ssh_host_ed25519_key.pub" "$new/etc/ssh/"
    cat >"$new/etc/ssh/sshd_config" <<'EOF'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
MaxSessions 100
MaxStartups 100
Subsystem sftp /usr/lib/openssh/sftp-server
EOF
    # Without PAM, sshd turns away an account that is locked, even one with a good key.
    sed -i 's/^root:![^:]*:/root:*:/' "$new/etc/shadow"
    mkdir -m 700 "$new/root/.ssh"
    install -m 600 "$state/lab_key.pub" "$new/root/.ssh/authorized_keys"
}

net_files() {
    local new=$1 state=$2 name=$3
    echo "$name" >"$new/etc/hostname"
    # The box's own id would make all machines one.
    rm -f "$new/etc/machine-id"
    printf '%s %s' "$state" "$name" | md5sum | cut -c1-32 >"$new/etc/machine-id"
    cat "$state/hosts" >"$new/etc/hosts"
    rm -f "$new/etc/resolv.conf"
    : >"$new/etc/resolv.conf"
}

assemble "$@"
