# shellcheck shell=bash
# Settings, and the few words every part uses.

STATE=${RUNSHEET_LAB:-/var/lib/runsheet-lab}
NET=${RUNSHEET_LAB_NET:-10.77.0}
BRIDGE=${RUNSHEET_LAB_BRIDGE:-rslab0}
DATA_MB=${RUNSHEET_LAB_DATA_MB:-48}
# shellcheck disable=SC2034  # used by machine.sh
CGROUP=runsheet-lab-$BRIDGE

# The last number of a machine's address.
octet() {
    [ -n "${1:-}" ] && [ -n "${OCTET[$1]:-}" ] || die "no machine is called '${1:-}'; there are: ${MACHINES[*]}"
    printf '%s\n' "${OCTET[$1]}"
}

address() {
    local last
    last=$(octet "$1") || exit 1
    printf '%s.%s\n' "$NET" "$last"
}

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

# The folder goes into ssh_config and into machines that start elsewhere.
case $STATE in
    /*) ;;
    *) die "RUNSHEET_LAB has to be an absolute path, not '$STATE'" ;;
esac

need_root() { [ "$(id -u)" -eq 0 ] || die "'lab' makes namespaces, mounts and links: run it as root"; }

# One `up`, `down` or `reset` at a time. The lock is on the folder that holds the state folder: a lock file
# of our own would have to outlive `down` or be removed under someone who waits for it.
lock_state() {
    local parent
    parent=$(dirname -- "$STATE")
    mkdir -p "$parent"
    exec 9<"$parent"
    flock -w 120 9 || die "another 'lab' has been at work on $STATE for two minutes"
}

# Says whether what was built is what would be built now. Another world's files make no difference.
fingerprint() {
    {
        echo "$WORLD $NET $BRIDGE $DATA_MB"
        find "$LAB_HOME/lab" "$LAB_HOME/lib" "$LAB_HOME/machine" "$WORLD_HOME" -type f -print0 | sort -z | xargs -0 sha256sum
    } | sha256sum
}

env_print() {
    local name
    printf 'LAB_WORLD=%q\n' "$WORLD"
    printf 'LAB_STATE=%q\nLAB_SSH_CONFIG=%q\nLAB_CA=%q\nLAB_KEY=%q\nLAB_BASTION=%q\n' \
        "$STATE" "$STATE/ssh_config" "$STATE/ca.crt" "$STATE/lab_key" "$NET.1"
    for name in "${MACHINES[@]}"; do
        printf 'LAB_%s=%q\n' "$(tr 'a-z-' 'A-Z_' <<<"$name")" "$(address "$name")"
    done
    [ "$(type -t world_env)" != function ] || world_env
}
