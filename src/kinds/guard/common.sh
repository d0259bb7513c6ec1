# What every part of a guard begins with. POSIX sh; whole-line comments are not sent.
#
# A guard is a process that sleeps on the machine of its step and then takes the step back, whoever can still reach
# that machine. RUNSHEET_GUARD names it: run, step, machine and attempt, with commas, which no name has.
#
# Its files, 0700:  G        pid and start time of the sleeper
#                   G_word   the fence, made once with O_EXCL: `fired`, `kept` or `replaced`
#                   G_out    what the inverse printed
#                   G_code   its exit code
umask 077
rs_dir=${XDG_STATE_HOME:-$HOME/.local/state}/runsheet/guards
rs_g=$rs_dir/$RUNSHEET_GUARD

# Makes the fence of guard $1 with the word $2; fails where somebody has made it.
rs_fence() { (set -C; printf '%s\n' "$2" >"$1_word") 2>/dev/null; }

# pid and start time of this very process, which in a subshell is not $$
rs_self() {
  IFS= read -r rs_x </proc/self/stat || return
  rs_pid=${rs_x%% *}
  set -- ${rs_x##*) }
  rs_start=${20}
}

# Does the sleeper of guard $1 live?
rs_lives() {
  rs_pid='' rs_start=''
  { read -r rs_pid rs_start <"$1"; } 2>/dev/null
  [ -n "$rs_start" ] || return 1
  { IFS= read -r rs_x <"/proc/$rs_pid/stat"; } 2>/dev/null || return 1
  rs_was=$rs_start
  set -- ${rs_x##*) }
  [ "${20}" = "$rs_was" ]
}

# Tells what became of guard $1, whose fence was made. 0: it was let go. 3: it has taken the step back. 4: it has tried
# to. 5: nobody can say.
rs_past() {
  rs_n=0 rs_w=''
  while { read -r rs_w <"$1_word"; } 2>/dev/null; [ -z "$rs_w" ] && [ "$rs_n" -lt 20 ]; do
    # made a moment ago, and its word is not there yet
    rs_n=$((rs_n + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  case $rs_w in
  kept | replaced) return 0 ;;
  fired) ;;
  *)
    echo "the fence of the guard has no word in it, as on a full disk: whether the step was taken back is not known"
    return 5 ;;
  esac
  while [ ! -s "$1_code" ] && rs_lives "$1"; do
    sleep 0.2 2>/dev/null || sleep 1
  done
  rs_c=''
  { read -r rs_c <"$1_code"; } 2>/dev/null
  echo "time was up, and the guard on this machine has run:"
  cat "$1_out"
  if [ -z "$rs_c" ]; then
    echo "its process has gone without an exit code: how far it came is not known"
    return 5
  fi
  case " $RUNSHEET_OK " in
  *" $rs_c "*)
    echo "the step was taken back: exit code $rs_c"
    return 3 ;;
  esac
  echo "the step was NOT taken back well: exit code $rs_c"
  return 4
}

# Lets go of every earlier guard of this step on this machine, or waits for the end of one that has fired.
rs_let_go() {
  for rs_e in "$rs_dir/$RUNSHEET_GUARDS"*; do
    case $rs_e in
    *_word | *_out | *_code | *'*') continue ;;
    esac
    if rs_fence "$rs_e" replaced; then
      echo "let go of the guard of attempt ${rs_e##*,}"
      continue
    fi
    # However that ended: whoever tries again, or takes the step back, has been told. Only beside one that may be at
    # work nothing is begun.
    rs_past "$rs_e"
    if [ "$?" = 5 ] && rs_lives "$rs_e"; then
      echo "the guard of attempt ${rs_e##*,} may be at work"
      return 1
    fi
  done
}
