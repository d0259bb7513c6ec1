#!/bin/bash
# Process 1 of a machine, inside its own file system: network, sshd, dockerd where its world wants one, and
# its part of the world; then it stays, to inherit and reap what loses its parent (bash does so whenever a
# child of it ends).
# Arguments: name, set-up folder, address, control group, docker or -.
set -euo pipefail
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
cd /root

# within TENTHS COMMAND…
within() {
    local left=$1
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "gave up waiting for: $*"; return 1; }
        sleep 0.1
    done
}

come_up() {
    local name=$1 role=$2 address=$3 cgroup=$4 docker=$5
    mkdir -p /var/log/nginx
    ip link set lo up
    within 100 ip link show eth0
    ip addr add "$address/24" dev eth0
    ip link set eth0 up
    /usr/sbin/sshd -D -E /var/log/sshd.log &
    [ "$docker" != docker ] || docker_start "$cgroup"
    /opt/lab/world/"$role"/setup "$name"
}

docker_start() {
    /usr/sbin/dockerd --storage-driver=vfs --bridge=none --iptables=false --ip6tables=false \
        --cgroup-parent="/$1" >/var/log/dockerd.log 2>&1 &
    within 300 docker version || { tail -n 20 /var/log/dockerd.log; return 1; }
}

# In the background, because `set -e` means nothing to a function called by `if`.
come_up "$@" &
if wait $!; then
    touch /run/lab/ready
else
    touch /run/lab/failed
fi
while :; do
    sleep infinity &
    wait $! || true
done
