# shellcheck shell=bash
# Starting, stopping and entering the machines.
#
# A machine is a tree of processes under its own init in its own namespaces, with all its files on a
# tmpfs that is mounted only there. Killing the init therefore removes all of it: no mount and no named
# namespace ever exists on the box itself. Only control groups outlive their processes.

machines_start() {
    local name failed=
    for name in "${MACHINES[@]}"; do machine_start "$name"; done
    for name in "${MACHINES[@]}"; do
        machine_wait "$name" || failed="$failed $name"
    done
    [ -z "$failed" ] || die "did not come up:$failed (see $STATE/machines/NAME/console)"
}

machine_start() {
    local name=$1 dir=$STATE/machines/$1 pid
    mkdir -p "$dir/shared"
    rm -f "$dir/pid" "$dir/shared/ready" "$dir/shared/failed"
    # Descriptor 9 is the lock of 'lab': a machine must not hold it.
    setsid unshare --mount --pid --net --uts --ipc --fork --propagation private \
        bash "$LAB_HOME/machine/assemble.sh" "$name" "${ROLE[$name]}" "$STATE" "$NET" "$(octet "$name")" "$CGROUP/$name" \
        "${DOCKER[$name]}" \
        </dev/null >"$dir/console" 2>&1 9>&- &
    wait_for 10 test -s "$dir/pid" || { cat "$dir/console" >&2; die "$name did not start"; }
    read -r pid _ <"$dir/pid"
    network_plug "$name" "$pid"
}

machine_wait() {
    local name=$1 shared=$STATE/machines/$1/shared
    if wait_for 120 any_exists "$shared/ready" "$shared/failed" && [ -e "$shared/ready" ]; then
        say "$name is up at $(address "$name")"
        return
    fi
    say "$name failed; the end of its console:"
    tail -n 15 "$STATE/machines/$name/console" >&2
    return 1
}

any_exists() { [ -e "$1" ] || [ -e "$2" ]; }

# wait_for SECONDS COMMAND…: whether the command came true in time.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt "$end" ] || return 1
        sleep 0.05
    done
}

# Prints the process id, on the box, of a running machine's init. Its start time is compared as well,
# because a process id may by now belong to something else.
machine_pid() {
    local pid born
    read -r pid born <"$STATE/machines/$1/pid" || return 1
    [ "$(birth_of "$pid")" = "$born" ] || return 1
    echo "$pid"
} 2>/dev/null

# Field 22 of proc(5)'s stat, counted after the command name, which may hold spaces.
birth_of() {
    local stat
    stat=$(<"/proc/$1/stat") || return 1
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    echo "${20}"
}

machines_stop() {
    local name pid pids=()
    # Not those of the table: it may have been another world.
    for name in "$STATE"/machines/*; do
        if pid=$(machine_pid "${name##*/}"); then
            kill -KILL "$pid"
            pids+=("$pid")
        fi
    done
    for pid in "${pids[@]}"; do
        wait_for 20 is_gone "$pid" || die "process $pid does not end"
    done
    wait_for 10 cgroups_gone || die "control groups named $CGROUP do not go away"
}

# Whether a process has ended. One that its parent has not asked about yet has (proc_pid_stat(5), state Z): a first
# process that does so late would be waited for.
is_gone() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    [[ ${stat##*) } == [ZX]* ]]
}

# Whether no control group of ours is left, after one try at removing them.
cgroups_gone() {
    local top left=0
    for top in /sys/fs/cgroup/"$CGROUP" /sys/fs/cgroup/*/"$CGROUP"; do
        [ -d "$top" ] || continue
        find "$top" -depth -type d -exec rmdir {} \; 2>/dev/null || true
        [ ! -d "$top" ] || left=1
    done
    [ $left -eq 0 ]
}

machine_exec() {
    local name=${1:-} pid
    octet "$name" >/dev/null
    shift
    [ $# -gt 0 ] || die "exec what?"
    pid=$(machine_pid "$name") || die "$name is not running"
    exec nsenter --target "$pid" --mount --uts --ipc --net --pid --root --wdns=/root \
        env -i HOME=/root USER=root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

machines_status() {
    local name pid
    [ -e "$STATE/built" ] || { echo "the lab is down"; return; }
    echo "the world is $WORLD"
    for name in "${MACHINES[@]}"; do
        if ! pid=$(machine_pid "$name"); then
            printf '%-11s %-12s not running\n' "$name" "$(address "$name")"
            continue
        fi
        printf '%-11s %-12s pid %s\n' "$name" "$(address "$name")" "$pid"
        [ "${DOCKER[$name]}" = docker ] || continue
        (machine_exec "$name" docker ps -a --format '    {{.Names}}  {{.Status}}') || true
    done
}
