# shellcheck shell=bash
# Whether the lab can run here. Exit 77 is what test harnesses know as "skipped".

# Prints the first reason why not, or nothing.
check_reason() {
    local how
    if [ "$(id -u)" -ne 0 ]; then echo "not root"; return; fi
    if [ "$(uname -s)" != Linux ]; then echo "not Linux"; return; fi
    for how in unshare nsenter mount pivot_root; do
        command -v "$how" >/dev/null || { echo "no '$how' (package util-linux)"; return; }
    done
    if ! packages_missing_none && ! command -v apt-get >/dev/null; then
        echo "packages are missing and there is no apt-get: $(packages_missing | tr '\n' ' ')"
        return
    fi
    if ! unshare --mount --pid --net --uts --ipc --fork true 2>/dev/null; then
        echo "the kernel or the container refuses new namespaces"
        return
    fi
    # The machine's own recipe, in small: a tmpfs, and on it an overlay of the box's root.
    # shellcheck disable=SC2016
    if ! unshare --mount sh -c '
        mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r &&
        mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/r' 2>/dev/null; then
        echo "an overlay of / on a tmpfs cannot be mounted"
        return
    fi
    if command -v ip >/dev/null && ! unshare --net sh -c '
        ip link add name lab0 type bridge && ip link add name lab1 type veth peer name lab2' 2>/dev/null; then
        echo "the kernel has no bridge or no veth"
        return
    fi
    if [ ! -d /sys/fs/cgroup ]; then echo "no /sys/fs/cgroup"; return; fi
    if [ ! -e "$STATE/built" ] && command -v ip >/dev/null && ip -4 addr show | grep -q "inet ${NET//./\\.}\."; then
        network_exists || echo "an interface of this box is already on $NET.0/24: set RUNSHEET_LAB_NET"
    fi
}

check_report() {
    local reason
    reason=$(check_reason)
    if [ -n "$reason" ]; then
        printf 'the lab cannot run here: %s\n' "$reason"
        exit 77
    fi
    echo "the lab can run here"
}

check_or_exit() {
    local reason
    reason=$(check_reason)
    [ -z "$reason" ] || { say "cannot run here: $reason"; exit 77; }
}
