# Shows a file: facts first, then its bytes, counted.
rs_via=
rs_at=
rs_rest=${rs_file#/}
while :; do
  case $rs_rest in
    */*)
      rs_at=$rs_at/${rs_rest%%/*}
      rs_rest=${rs_rest#*/}
      [ -h "$rs_at" ] && rs_via="${rs_via}via $rs_at
"
      ;;
    *) break ;;
  esac
done
rs_enter
case $rs_real in
  *'
'*) rs_refuse 72 kind "the folder of $rs_file has a line break in its real name" ;;
esac
rs_plain
[ "$rs_size" -le "$rs_limit" ] || rs_refuse 72 size "$rs_file has $rs_size bytes, the limit is $rs_limit"
[ -r "$rs_base" ] || rs_refuse 74 unreadable "$rs_file cannot be read by $(id -un 2>/dev/null || id -u)"
rs_before=$rs_line
rs_sum "$rs_base" || rs_refuse 74 unreadable "$rs_file cannot be read"
printf 'runsheet-file 1\nreal %s\n%sfolder %s\n' "$rs_real" "$rs_via" "$rs_here"
printf 'stat %s %s %s %s %s\n' "$rs_id" "$rs_owner" "$rs_raw" "$rs_links" "$rs_size"
printf 'sha256 %s\ncontent %s\n' "$rs_hash" "$rs_size"
# Capped, so that a file that grows meanwhile cannot flood; a growth shows in what follows.
rs_bytes "$rs_base"
if rs_look "$rs_base" && [ "$rs_line" = "$rs_before" ]; then
  printf '\nrunsheet-file-end\n'
else
  printf '\nrunsheet-file-changed\n'
fi
