# shellcheck shell=bash disable=SC2034
# The world of the App Layering migration: an appliance in use, a new one, and the machine of the administrator.

MACHINES_TABLE='
source  11  appliance  -  elm-old
target  12  appliance  -  elm-new
tools   21  tools      -
'

PACKAGES_WORLD='
jq  /usr/bin/jq
'

TLS_NAMES=(elm-old elm-new)

world_build() { :; }
