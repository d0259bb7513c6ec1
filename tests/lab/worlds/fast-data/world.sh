# shellcheck shell=bash disable=SC2034
# The world of the Fast Data migration: an infrastructure in use, an empty one, the machine that both are
# managed from, and the world outside with a change data capture and a customer.

MACHINES_TABLE='
source   11  platform  -
dest     12  platform  -
tools    21  tools     -  mirror dns
outside  31  outside   -
'

PACKAGES_WORLD='
nginx-light        /usr/sbin/nginx
jq                 /usr/bin/jq
kubernetes-client  /usr/bin/kubectl
dnsmasq-base       /usr/sbin/dnsmasq
bind9-dnsutils     /usr/bin/dig
'

world_build() { :; }

world_env() { printf 'LAB_SHOP=%q\n' shop.fast-data.lab; }
