# shellcheck shell=bash
# Keys and certificates: the operator's key for the machines, their host keys, and a small CA for TLS.

keys_make() {
    local name dir
    say "making keys and certificates"
    ssh-keygen -q -t ed25519 -N '' -C 'runsheet lab' -f "$STATE/lab_key"
    : >"$STATE/known_hosts"
    {
        echo "# Made by 'lab up'. Use: ssh -F $STATE/ssh_config HOST"
        for name in "${MACHINES[@]}"; do
            dir=$STATE/machines/$name
            mkdir -p "$dir"
            ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$dir/ssh_host_ed25519_key"
            printf '%s,%s %s\n' "$name" "$(address "$name")" \
                "$(cut -d' ' -f1,2 "$dir/ssh_host_ed25519_key.pub")" >>"$STATE/known_hosts"
            printf 'Host %s\n    HostName %s\n' "$name" "$(address "$name")"
        done
        cat <<EOF
Host *
    User root
    IdentityFile $STATE/lab_key
    IdentitiesOnly yes
    UserKnownHostsFile $STATE/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
EOF
    } >"$STATE/ssh_config"
    tls_make
}

tls_make() {
    local tls=$STATE/tls name names=()
    mkdir -p "$tls"
    # Own config files: the box's openssl.cnf may say anything.
    printf '[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=Runsheet lab CA\n[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' >"$tls/ca.cnf"
    printf '[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=%s\n' "${TLS_NAMES[0]:-${MACHINES[0]}}" >"$tls/server.cnf"
    for name in "${TLS_NAMES[@]}"; do names+=("DNS:$name"); done
    for name in "${MACHINES[@]}"; do names+=("DNS:$name" "IP:$(address "$name")"); done
    (IFS=, && printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "${names[*]}") >"$tls/server.ext"
    {
        openssl ecparam -name prime256v1 -genkey -noout -out "$tls/ca.key"
        openssl req -x509 -new -config "$tls/ca.cnf" -key "$tls/ca.key" -days 3650 -out "$STATE/ca.crt"
        openssl ecparam -name prime256v1 -genkey -noout -out "$tls/server.key"
        openssl req -new -config "$tls/server.cnf" -key "$tls/server.key" -out "$tls/server.csr"
        openssl x509 -req -in "$tls/server.csr" -CA "$STATE/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial \
            -days 825 -extfile "$tls/server.ext" -out "$tls/server.crt"
    } 2>"$tls/log" || { cat "$tls/log" >&2; die "openssl could not make the lab's certificates"; }
}
