# shellcheck shell=bash
# The bridge, the veth of each machine, and how a machine is cut off.

network_exists() { command -v ip >/dev/null && ip link show "$BRIDGE" >/dev/null 2>&1; }

network_up() {
    network_exists && return
    ip link add "$BRIDGE" type bridge
    ip addr add "$NET.1/24" dev "$BRIDGE"
    ip link set "$BRIDGE" up
}

# The veths vanish with the network namespaces of their machines.
network_down() {
    network_exists || return 0
    ip link del "$BRIDGE"
}

# The box's end of a machine's link.
link_of() { printf '%sv%s\n' "$BRIDGE" "$(octet "$1")"; }

# Gives the namespace of PID its eth0, and plugs the other end into the bridge.
network_plug() {
    local name=$1 pid=$2 link
    link=$(link_of "$name")
    ip link del "$link" 2>/dev/null || true
    ip link add "$link" type veth peer name eth0 netns "$pid"
    ip link set "$link" master "$BRIDGE" up
}

# drop: packets vanish, as with a pulled cable far away; reset: connections are torn down and new ones
# refused; down: the link itself is down. Loopback inside the machine goes on working in all three.
network_cut() {
    local name=${1:-} how=${2:-drop} in out pid
    octet "$name" >/dev/null
    pid=$(machine_pid "$name") || die "$name is not running"
    case $how in
        down) ip link set "$(link_of "$name")" down; return ;;
        drop) in=drop out=drop ;;
        # The resets themselves leave through the output hook.
        reset)
            in='meta l4proto tcp reject with tcp reset'
            out='tcp flags & rst == 0 reject with tcp reset'
            ;;
        *) die "a cut is one of drop, reset, down; not '$how'" ;;
    esac
    nsenter --target "$pid" --net nft -f - <<EOF
table inet lab_cut
delete table inet lab_cut
table inet lab_cut {
    chain in { type filter hook input priority 0; iifname "eth0" $in; }
    chain out { type filter hook output priority 0; oifname "eth0" $out; }
}
EOF
    # Quiet connections would only notice at their next packet.
    [ "$how" != reset ] || nsenter --target "$pid" --net ss -K dst "$NET.0/24" >/dev/null 2>&1 || true
}

# What is sent to the machine comes at no more than RATE, as tc(8) writes it.
network_slow() {
    local name=${1:-} rate=${2:-80mbit}
    octet "$name" >/dev/null
    # The box's end of the link sends what the machine receives.
    tc qdisc replace dev "$(link_of "$name")" root tbf rate "$rate" burst 64kb latency 400ms ||
        die "the link of $name cannot be made slow: a rate is like 80mbit, and the kernel needs sch_tbf"
}

network_mend() {
    local name=${1:-} pid
    octet "$name" >/dev/null
    pid=$(machine_pid "$name") || die "$name is not running"
    ip link set "$(link_of "$name")" up
    # There is nothing to delete on a link that is as fast as it was.
    tc qdisc delete dev "$(link_of "$name")" root 2>/dev/null || true
    nsenter --target "$pid" --net nft -f - <<'EOF'
table inet lab_cut
delete table inet lab_cut
EOF
}
