# shellcheck shell=bash
# What the lab needs from Debian, and how it is installed without any service being started.

# package, and a file that shows it is there
PACKAGES='
docker.io        /usr/sbin/dockerd
openssh-server   /usr/sbin/sshd
openssh-client   /usr/bin/ssh
rsync            /usr/bin/rsync
nginx-light      /usr/sbin/nginx
influxdb         /usr/bin/influxd
influxdb-client  /usr/bin/influx
curl             /usr/bin/curl
jq               /usr/bin/jq
strace           /usr/bin/strace
iproute2         /usr/bin/ip
nftables         /usr/sbin/nft
busybox-static   /usr/bin/busybox
python3          /usr/bin/python3
python3-yaml     /usr/lib/python3/dist-packages/yaml/__init__.py
openssl          /usr/bin/openssl
ca-certificates  /etc/ssl/certs/ca-certificates.crt
'

packages_missing() {
    local package file
    while read -r package file; do
        [ -z "$package" ] || [ -e "$file" ] || echo "$package"
    done <<<"$PACKAGES"
}

packages_missing_none() { [ -z "$(packages_missing)" ]; }

packages_install() {
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
