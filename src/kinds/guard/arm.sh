mkdir -p "$rs_dir" && cd / || exit 1
find "$rs_dir" -type f -mtime +30 -exec rm -f {} + 2>/dev/null
rs_let_go || exit
# What follows `&` ignores SIGINT and SIGQUIT, and so would every daemon that the inverse starts.
rs_env=''
env --default-signal true 2>/dev/null && rs_env='env --default-signal'
(
  rs_self && printf '%s %s\n' "$rs_pid" "$rs_start" >"$rs_g" || exit
  sleep "$RUNSHEET_AFTER" || exit
  rs_fence "$rs_g" fired || exit 0
  $rs_env "$RUNSHEET_SHELL" -c "$RUNSHEET_INVERSE" >"${rs_g}_out" 2>&1
  printf '%s\n' "$?" >"${rs_g}_code"
) </dev/null >/dev/null 2>&1 &
rs_n=0
while ! rs_lives "$rs_g" && [ "$rs_n" -lt 50 ]; do
  rs_n=$((rs_n + 1))
  sleep 0.02 2>/dev/null || sleep 1
done
if ! rs_lives "$rs_g"; then
  echo "the guard did not start: is there room in $rs_dir?"
  exit 1
fi
echo "armed: in $RUNSHEET_AFTER s this machine takes the step back by itself, unless it is kept"
