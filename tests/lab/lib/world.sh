# shellcheck shell=bash
# What is in the machines when the lab comes up: fetched by each from the store when it starts.

world_files() {
    local store=$1
    cp -r "$LAB_HOME/world" "$store/world"
    say "making users' data (${DATA_MB} MiB of attachments)"
    /usr/bin/python3 -I "$LAB_HOME/world/seed/make.py" "$store/seed" "$DATA_MB"
    mkdir "$store/tls"
    cp "$STATE/tls/core.crt" "$STATE/ca.crt" "$STATE/tls/core.key" "$store/tls/"
    sed "s/@SOURCE@/$(address source)/; s/@REGISTER@/$(address register)/; s/@REGISTER_2@/$(address register-2)/" "$LAB_HOME/world/register/platform.yml" >"$store/world/register/platform.yml"
}
