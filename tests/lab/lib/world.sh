# shellcheck shell=bash
# Which world is in the machines. A world is a folder of worlds/ with a file world.sh, that says:
#
#   MACHINES_TABLE   a line for each machine: name, last number of its address, the world's folder that sets it
#                    up, `docker` or `-`, and other names it goes by
#   PACKAGES_WORLD   like PACKAGES in packages.sh: what this world needs beside what all need
#   HOSTS_WORLD      further lines for /etc/hosts, if there are any
#   TLS_NAMES        names in the certificate beside those of the machines, if there are any
#   world_build STORE   builds images and makes seeds in the store, which machines see as /opt/lab
#   world_env           prints further lines for `lab env`, if there are any

world_names() {
    local file
    for file in "$LAB_HOME"/worlds/*/world.sh; do
        file=${file%/world.sh}
        printf '%s\n' "${file##*/}"
    done
}

# The world that is up, or the one that would be.
world_now() { cat "$STATE/world" 2>/dev/null || echo pryv; }

world_load() {
    local name last folder docker others
    WORLD=$1 WORLD_HOME=$LAB_HOME/worlds/$1
    [[ $WORLD =~ ^[a-z0-9-]+$ && -e $WORLD_HOME/world.sh ]] ||
        die "no world is called '$WORLD'; there are: $(world_names | tr '\n' ' ')"
    MACHINES_TABLE='' PACKAGES_WORLD='' HOSTS_WORLD='' TLS_NAMES=()
    # shellcheck source=/dev/null
    . "$WORLD_HOME/world.sh"
    MACHINES=()
    declare -gA OCTET=() ROLE=() DOCKER=() ALIASES=()
    while read -r name last folder docker others; do
        [ -n "$name" ] || continue
        MACHINES+=("$name")
        OCTET[$name]=$last ROLE[$name]=$folder DOCKER[$name]=$docker ALIASES[$name]=$others
    done <<<"$MACHINES_TABLE"
    [ ${#MACHINES[@]} -gt 0 ] || die "the world $WORLD names no machine"
}

# What the machines fetch from when they start: the folders of the world, keys for TLS, and what it builds.
store_make() {
    local store=$STATE/store
    mkdir -p "$store/images" "$store/machine" "$store/tls"
    cp "$LAB_HOME/machine/init.sh" "$store/machine/"
    cp -r "$WORLD_HOME" "$store/world"
    cp "$STATE/tls/server.crt" "$STATE/ca.crt" "$STATE/tls/server.key" "$store/tls/"
    hosts_file >"$STATE/hosts"
    world_build "$store"
}

hosts_file() {
    local name
    printf '127.0.0.1 localhost\n%s.1 bastion\n' "$NET"
    for name in "${MACHINES[@]}"; do
        printf '%s\n' "$(address "$name") $name ${ALIASES[$name]}"
    done
    printf '%s\n' "$HOSTS_WORLD"
}
