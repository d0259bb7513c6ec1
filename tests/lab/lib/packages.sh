# shellcheck shell=bash
# What the lab needs from Debian, and how it is installed without any service being started.

# What every world needs: package, and a file that shows it is there.
PACKAGES='
openssh-server   /usr/sbin/sshd
openssh-client   /usr/bin/ssh
rsync            /usr/bin/rsync
curl             /usr/bin/curl
iproute2         /usr/bin/ip
nftables         /usr/sbin/nft
python3          /usr/bin/python3
openssl          /usr/bin/openssl
ca-certificates  /etc/ssl/certs/ca-certificates.crt
'

packages_missing() {
    local package file
    while read -r package file; do
        [ -z "$package" ] || [ -e "$file" ] || echo "$package"
    done <<<"$PACKAGES$PACKAGES_WORLD"
    ! any_docker || [ -e /usr/sbin/dockerd ] || echo docker.io
}

any_docker() { [[ " ${DOCKER[*]} " == *' docker '* ]]; }

packages_missing_none() { [ -z "$(packages_missing)" ]; }

packages_install() {
    # Labs may come up side by side, and what keeps services from starting is one file for all of them.
    exec 8</usr/sbin
    flock 8
    packages_add
    exec 8<&-
}

packages_add() {
    local missing log
    mapfile -t missing < <(packages_missing)
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    log=$(mktemp)
    forbid_services
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        allow_services
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "apt-get could not install ${missing[*]}"
    fi
    allow_services
    rm -f "$log"
    mapfile -t missing < <(packages_missing)
    [ ${#missing[@]} -eq 0 ] || die "still missing after apt-get: ${missing[*]}"
}

# Debian starts a service when its package is installed, unless policy-rc.d says 101.
forbid_services() {
    POLICY_OURS=
    [ ! -e /usr/sbin/policy-rc.d ] || return 0
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    POLICY_OURS=yes
    trap allow_services EXIT
}

allow_services() {
    [ -n "${POLICY_OURS:-}" ] || return 0
    rm -f /usr/sbin/policy-rc.d
    POLICY_OURS=
}
