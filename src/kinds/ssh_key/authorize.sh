# Put the public key into authorized_keys, once and only once.
set -euf
LC_ALL=C; export LC_ALL
umask 077
# What the other machine printed is not trusted to be a key: it becomes part of a line that lets people in.
set -- $RUNSHEET_LEG_1
case $#:${1-}:${2-} in
2:ssh-ed25519:AAAA*|2:ssh-rsa:AAAA*) ;;
*) echo 'the first machine did not print a public key' >&2; exit 2 ;;
esac
case $2 in *[!A-Za-z0-9+/=]*) echo 'the public key is not base64' >&2; exit 2 ;; esac
d=${HOME:?}/.ssh a=$d/authorized_keys
[ -d "$d" ] || mkdir -m 0700 -- "$d"
if [ -L "$a" ] || { [ -e "$a" ] && [ ! -f "$a" ]; }; then
    echo "$a is not a regular file" >&2
    exit 1
fi
# Two runs at once must not both find it missing. Where there is no flock, the check alone has to do.
exec 9<"$d"
if command -v flock >/dev/null 2>&1; then flock -w 30 9; fi
if [ -f "$a" ] && awk -v blob="$2" '
    substr($1, 1, 1) != "#" { for (i = 1; i <= NF; i++) if ($i == blob) found = 1 }
    END { exit !found }' "$a"; then
    echo "the key is in $a already"
    exit 0
fi
# A last line without its end would swallow ours. Appending keeps owner, mode and links as they are.
end=
if [ -s "$a" ] && [ -n "$(tail -c 1 "$a")" ]; then
    end='
'
fi
printf '%srestrict %s %s %s\n' "$end" "$1" "$2" "$RUNSHEET_COMMENT" >>"$a"
echo "added to $a"
