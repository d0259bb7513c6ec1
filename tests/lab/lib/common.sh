# shellcheck shell=bash
# Settings, the table of machines, and the few words every part uses.

STATE=${RUNSHEET_LAB:-/var/lib/runsheet-lab}
NET=${RUNSHEET_LAB_NET:-10.77.0}
BRIDGE=${RUNSHEET_LAB_BRIDGE:-rslab0}
DATA_MB=${RUNSHEET_LAB_DATA_MB:-48}
CGROUP=runsheet-lab-$BRIDGE
MACHINES=(source dest register register-2)

# The last number of a machine's address.
octet() {
    case $1 in
        source) echo 11 ;;
        dest) echo 12 ;;
        register) echo 21 ;;
        register-2) echo 22 ;;
        *) die "no machine is called '$1'; there are: ${MACHINES[*]}" ;;
    esac
}

address() {
    local last
    last=$(octet "$1") || exit 1
    printf '%s.%s\n' "$NET" "$last"
}

# Which folder of world/ sets a machine up.
role() {
    case $1 in
        register*) echo register ;;
        *) echo core ;;
    esac
}

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

need_root() { [ "$(id -u)" -eq 0 ] || die "'lab' makes namespaces, mounts and links: run it as root"; }

# One `up`, `down` or `reset` at a time. The lock lies beside the state folder, which `down` removes,
# and is itself removed only by the holder.
lock_state() {
    mkdir -p "$(dirname -- "$STATE")"
    exec 9>"$STATE.lock"
    flock -w 120 9 || die "another 'lab' has held $STATE.lock for two minutes"
    trap 'rm -f -- "$STATE.lock"' EXIT
}

env_print() {
    local name
    printf 'LAB_STATE=%q\nLAB_SSH_CONFIG=%q\nLAB_CA=%q\nLAB_KEY=%q\nLAB_BASTION=%q\n' \
        "$STATE" "$STATE/ssh_config" "$STATE/ca.crt" "$STATE/lab_key" "$NET.1"
    for name in "${MACHINES[@]}"; do
        printf 'LAB_%s=%q\n' "$(tr 'a-z-' 'A-Z_' <<<"$name")" "$(address "$name")"
    done
    printf 'LAB_USERS=%q\nLAB_PRYV_CONF_ROOT=%q\n' "ana bruno chloe" /var/pryv
}
