# What all three programs share. Values arrive as variables, quoted, set before this text.
# Plain POSIX, for dash and busybox alike; the one extension is stat -c, and it is asked for.
set -u
IFS=' 	
'
rs_umask=$(umask)
umask 077

rs_say() { printf '%s\n' "$*"; }

case $(command -v printf) in
  /*) rs_refuse 75 tool 'printf is not built into this sh, and values may not become arguments' ;;
esac
stat -c %i / >/dev/null 2>&1 || rs_refuse 75 tool 'this host has no stat that knows -c'
if command -v sha256sum >/dev/null 2>&1; then
  rs_digest() { sha256sum; }
elif command -v openssl >/dev/null 2>&1; then
  rs_digest() { openssl dgst -sha256 -r; }
else
  rs_refuse 75 tool 'this host has neither sha256sum nor openssl'
fi

# rs_bytes FILE: its bytes, or a little more than the largest file may have. Between a look and an open, a
# link or a pipe can take the name: GNU's dd neither opens through the one nor waits at the other. Elsewhere
# (busybox) a link is read, and what came of it fits no digest; a pipe keeps us waiting until somebody
# stops us. Nothing is written either way.
if dd if=/dev/null iflag=nofollow,nonblock >/dev/null 2>&1; then
  rs_bytes() { dd bs=65536 count=65 iflag=nofollow,nonblock if="$1" 2>/dev/null; }
else
  rs_bytes() { dd bs=65536 count=65 if="$1" 2>/dev/null; }
fi

# rs_sum FILE: its digest, in rs_hash; that of what no file holds where it cannot be read.
rs_sum() {
  rs_hash=$({ rs_bytes "$1" || printf 'not read: %s' "$$ $1"; } | rs_digest 2>/dev/null) || return 1
  rs_hash=${rs_hash%% *}
  [ "${#rs_hash}" -eq 64 ]
}

# rs_look FILE: what it is, from one lstat.
rs_look() {
  rs_line=$(stat -c '%d:%i %u:%g %f %h %s %Y %Z' "$1" 2>/dev/null) || return 1
  rs_split $rs_line
}
rs_split() {
  [ $# -eq 7 ] || return 1
  rs_id=$1 rs_owner=$2 rs_raw=$3 rs_links=$4 rs_size=$5
}

# rs_enter: goes into the folder itself. From here on the file is only named relative to it, so
# that a folder renamed or replaced on the way takes nothing somewhere else.
rs_enter() {
  cd -P "$rs_dir" 2>/dev/null || rs_refuse 71 missing "cannot enter the folder $rs_dir"
  rs_real=$(pwd -P) || rs_refuse 71 missing "cannot name the folder $rs_dir"
  rs_here=$(stat -c '%d:%i' . 2>/dev/null) || rs_refuse 71 missing "cannot look at $rs_dir"
}

# rs_plain: refuses what is not one regular file with one name.
rs_plain() {
  rs_look "$rs_base" || rs_refuse 71 missing "$rs_file is not there"
  case $rs_raw in
    a*) rs_refuse 72 link "$rs_file is a symbolic link" ;;
    8???) ;;
    *) rs_refuse 72 kind "$rs_file is not a regular file" ;;
  esac
  [ "$rs_links" = 1 ] || rs_refuse 72 links "$rs_file has $rs_links names (hard links)"
}
