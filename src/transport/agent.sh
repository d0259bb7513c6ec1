# The program that stands on the other side of a channel. POSIX sh: dash, bash and busybox run it.
#
# It is sent on standard input of `sh -s`. All of it is one function, called by the last line, whose
# last word is END: a transfer that is cut anywhere leaves an open function or a call without END,
# and runs nothing. After its greeting it reads verbs from the same standard input, one a line, until
# that ends. frames.rs reads what it answers. Whole-line comments are not sent.
#
# File descriptors: 0 verbs in; 7 answers out; 8 the real standard error; 5 to the ticker;
# 6 the bell, a nameless fifo on which a finished job or the ticker wakes a follower; 4 and 9 the reading
# ends of two more, through which the outputs of a question go.
#
# Every verb begins with the word of the greeting. The shell of a question reads its program from the
# verbs' own pipe; should it die before it has all of it, the rest does not begin with the word, and is
# passed over.
#
# The spool, 0700:   nonce          made once; a spool that was wiped has another
#   jobs/TOKEN         the claim: pid and start time of the keeper, boot id; `gone` in their place once the
#                      receipt was acknowledged. The name stays taken: a start that was sent over a link long
#                      given up may still arrive, out of the send buffer of a dead connection, and must not
#                      find the token free. After thirty days it is swept away.
#   jobs/TOKEN_run     pid (= process group) and start time of the command
#   jobs/TOKEN_go      the fence: created once, holds `go` or `revoked`
#   jobs/TOKEN_status  32 bytes reserved before the start, overwritten in place: R running,
#                      E ended and draining, X done with code and bytes (a C at the end: output
#                      could not be kept, as on a full disk)
#   jobs/TOKEN_keys    of a command on a terminal only: the fifo through which what is typed goes to it. What
#                      is typed is nowhere else: in no file, no argument and no environment.
#   jobs/TOKEN_tty     pid and start time of the command's session on its terminal, and the terminal's name.
#                      Made once, like a fence: by the session, or by whoever found that it never began.
#   jobs/TOKEN_code    its exit code; bytes reserved like those of the status
#   jobs/TOKEN_size    rows and columns that its terminal is to have
#   jobs/TOKEN_by      pid and start time of the agent that follows it, to be woken when something was typed
#   jobs/TOKEN_out     standard output and error as they came. After X nobody writes to it any more, so
#                      that on the same machine it may be linked where others would have a copy.
#
# Claim and fence are files made under noclobber, that is with O_EXCL. It is as atomic as mkdir, and as
# a builtin it saves two new processes a step, which are a quarter of what a short step takes.
#
# There is no sync here. Every answer that lets a step run again ("no such token") is bound to the
# boot id, so after a power cut a claim that did not reach the disk reads as unknown, never as
# "not started"; and a status that did not reach it is still the reserved R, which is unknown too.
# A sync would buy the outcome of a step for the case that the link and the power fail together, and
# would cost every step of every run a flush of somebody else's disk.
rs_agent() {
[ "$#" = 3 ] && [ "$3" = END ] || exit 1
rs_word=$1 rs_spool=$2 rs_why='' rs_nonce='' rs_boot='' rs_due=0
cd 2>/dev/null || cd /

# pid, start time into rs_pid, rs_start; the second word of stat may hold blanks and brackets
rs_stat() {
  rs_start=''
  { read -r rs_line <"$1"; } 2>/dev/null || return 1
  rs_pid=${rs_line%% *}
  set -- ${rs_line##*) }
  rs_start=${20}
}

rs_hello() {
  rs_why='' rs_nonce='' rs_boot='' rs_uid='' rs_node='' rs_machine=''
  rs_uid=$(id -u 2>/dev/null)
  rs_node=$(uname -n 2>/dev/null)
  { read -r rs_machine </etc/machine-id; } 2>/dev/null
  { read -r rs_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
  rs_stat /proc/self/stat
  if [ -z "$rs_boot" ] || [ -z "$rs_start" ]; then
    rs_why='the host has no /proc to tell one boot and one process from another'
  elif ! command -v setsid >/dev/null 2>&1; then
    rs_why='the host has no setsid'
  elif ! command -v mkfifo >/dev/null 2>&1; then
    rs_why='the host has no mkfifo'
  elif ! (umask 077; mkdir -p "$rs_spool/jobs" && chmod 700 "$rs_spool") 2>/dev/null; then
    rs_why="cannot make $rs_spool/jobs"
  else
    if [ ! -s "$rs_spool/nonce" ]; then
      { read -r rs_line </proc/sys/kernel/random/uuid &&
        printf '%s\n' "$rs_line" >"$rs_spool/nonce.$$" && [ -s "$rs_spool/nonce.$$" ] &&
        ln "$rs_spool/nonce.$$" "$rs_spool/nonce"; rm -f "$rs_spool/nonce.$$"; } 2>/dev/null
    fi
    { read -r rs_nonce <"$rs_spool/nonce"; } 2>/dev/null
    [ -n "$rs_nonce" ] || rs_why="cannot write in $rs_spool"
  fi
  rs_bash=no
  command -v bash >/dev/null 2>&1 && rs_bash=yes
  rs_tty=no
  command -v script >/dev/null 2>&1 && command -v stty >/dev/null 2>&1 && rs_tty=yes
  printf 'H uid %s\nH node %s\nH machine %s\nH boot %s\nH bash %s\nH terminal %s\n' \
    "$rs_uid" "$rs_node" "$rs_machine" "$rs_boot" "$rs_bash" "$rs_tty"
  if [ -z "$rs_why" ]; then
    printf 'H nonce %s.%s\nH end\n' "$rs_nonce" "$rs_boot"
  else
    printf 'H why %s\nH end\n' "$rs_why"
  fi
}

# Is the token fit to be a file name, and is this the spool that was meant? The word after the last
# point of a nonce is the boot id. Sets rs_d.
rs_meant() {
  case $1 in '' | [!a-z0-9]* | *[!a-z0-9.-]*) printf 'L the token is not one\n'; return 1 ;; esac
  rs_d=$rs_spool/jobs/$1 rs_line=''
  { read -r rs_line <"$rs_spool/nonce"; } 2>/dev/null
  if [ -n "$rs_line" ] && [ "$rs_line" = "${2%.*}" ]; then
    return 0
  fi
  printf 'L the spool is not the one the step was started in\n'
  return 1
}

rs_size() {
  rs_bytes=0
  [ -s "${rs_d}_out" ] && rs_bytes=$(wc -c <"${rs_d}_out") && rs_bytes=$((rs_bytes))
  return 0
}

# Claimed, and the fence was not passed: it waits to begin. After a restart the fence may be what the disk lost,
# so that it cannot be said, and must not be made to be so by closing it now.
rs_waits() {
  rs_st=W
  [ "$1" = "$rs_boot" ] || rs_st=L rs_lost='the host has restarted since, and whether it began may be lost'
}

# Looks once more. Three times at once, which is enough for what was read while it was written, and most often
# is that: a second here would be a second of a step's time. The fourth time after a second.
rs_again() {
  [ "${2:-0}" -lt 3 ] || sleep 1
  rs_state "$1" $((${2:-0} + 1))
}

# What became of the job in rs_d, expected under boot $1, having looked $2 times before: rs_st is N none,
# V revoked, X exited, R running, W claimed and not yet started, L lost for the reason in rs_lost.
rs_state() {
  rs_c='' rs_n='' rs_a='' rs_z='' rs_g='' rs_o=''
  if [ ! -e "$rs_d" ]; then
    rs_st=N
    if [ "$1" != "$rs_boot" ]; then
      rs_st=L rs_lost='the host has restarted since, and what it knew may be gone'
    fi
    return
  fi
  rs_os='' rs_ob='' rs_live=no
  { read -r rs_o rs_os rs_ob <"$rs_d"; } 2>/dev/null
  if [ "$rs_o" = gone ]; then
    rs_st=L rs_lost='its end was recorded, and its receipt was removed since'
    return
  fi
  { read -r rs_g <"${rs_d}_go"; } 2>/dev/null
  if [ "$rs_g" = revoked ]; then rs_st=V; return; fi
  if [ -n "$rs_o" ] && [ "$rs_ob" = "$rs_boot" ] &&
    rs_stat "/proc/$rs_o/stat" && [ "$rs_start" = "$rs_os" ]; then
    rs_live=yes
  fi
  # after the look at the keeper: whatever it wrote before it ended is read
  { read -r rs_a rs_c rs_n rs_z <"${rs_d}_status"; } 2>/dev/null
  case $rs_a$rs_z in
  XX)
    rs_st=X
    if [ "$rs_ob" != "$rs_boot" ]; then
      rs_size
      if [ "$rs_bytes" != "$rs_n" ]; then
        rs_st=L rs_lost="exit code $rs_c is recorded, but its output did not survive a restart"
      fi
    fi
    return ;;
  XC) rs_st=L rs_lost="it ended with exit code $rs_c, but its output could not be kept, as on a full disk"; return ;;
  RR | EE) ;;
  *)
    # the claim comes first and its status a moment later
    if [ ! -s "${rs_d}_status" ] && [ ! -e "${rs_d}_go" ]; then rs_waits "$1"; return; fi
    # read while it was written, perhaps
    if [ "$rs_live" = yes ] && [ "${2:-0}" -lt 4 ]; then rs_again "$1" "$2"; return; fi
    rs_st=L rs_lost='its status is empty or damaged'
    return ;;
  esac
  if [ -z "$rs_g" ] && [ ! -e "${rs_d}_go" ]; then
    rs_waits "$1"
  elif [ "$rs_live" = yes ]; then
    rs_st=R
  elif [ "${2:-0}" -lt 4 ]; then
    # A fence without its word was made just now, or on a full disk. And a claim is read byte by byte: read
    # while the keeper put its own name over the agent's, it names nobody who lives.
    rs_again "$1" "$2"
  elif [ -n "$rs_ob" ] && [ "$rs_ob" != "$rs_boot" ]; then
    rs_st=L rs_lost='the host restarted while it ran'
  elif [ "$rs_a" = E ]; then
    rs_st=L rs_lost="it ended with exit code $rs_c, but its keeper died before the output was complete"
  else
    rs_st=L rs_lost='its keeper is gone and left no status'
  fi
}

# What a command on a terminal needs beside the receipt of every other.
rs_sets() { (umask 077; mkfifo "${rs_d}_keys") && printf '%-3s\n' '' >"${rs_d}_code"; }

# Makes the claim of the job in rs_d. Fails if there is one.
rs_claim() {
  rs_stat /proc/self/stat
  set -C
  { printf '%-10s %-20s %s\n' "$rs_pid" "$rs_start" "$rs_boot" >"$rs_d"; } 2>/dev/null
  set -- $?
  set +C
  return "$1"
}

# Closes the fence of the job in rs_d: whoever creates it has decided.
rs_fence() { (set -C; printf 'revoked\n' >"${rs_d}_go") 2>/dev/null; }

# A claim without a living keeper never started: make that final.
rs_settle() {
  rs_state "$1"
  rs_k=0
  while [ "$rs_st" = W ] && [ "$rs_live" = no ] && [ "$rs_k" -lt 4 ]; do
    # it may be between its claim and the words in it
    [ "$rs_k" -lt 3 ] || sleep 1
    rs_k=$((rs_k + 1))
    rs_state "$1"
  done
  if [ "$rs_st" = W ] && [ "$rs_live" = no ]; then
    rs_fence
    rs_state "$1"
  fi
}

# Sends the bytes of out from rs_off up to $1. A reader of the same machine only needs the size.
rs_send() {
  [ "$1" -gt "$rs_off" ] || return 0
  if [ "$rs_mode" = near ]; then
    printf 'G %s\n' "$1"
  else
    printf 'O %s %s\n' "$rs_off" "$(($1 - rs_off))"
    if [ "$rs_off" = 0 ]; then
      head -c "$1" <"${rs_d}_out"
    else
      tail -c "+$((rs_off + 1))" "${rs_d}_out" | head -c "$(($1 - rs_off))"
    fi
  fi
  rs_off=$1
}

# Follows the job in rs_d from rs_off to its end. Returns 10 when the last tick asked for has come.
rs_follow() {
  if [ -p "${rs_d}_keys" ] && rs_stat "/proc/$$/stat"; then
    { printf '%s %s\n' "$$" "$rs_start" >"${rs_d}_by"; } 2>/dev/null
  fi
  while :; do
    rs_settle "$1"
    case $rs_st in
    X) rs_send "$rs_n"; printf 'D %s %s\n' "$rs_c" "$rs_n"; break ;;
    V) printf 'V\n'; break ;;
    N) printf 'N\n'; break ;;
    L) printf 'L %s\n' "$rs_lost"; break ;;
    esac
    rs_size
    if [ "$rs_bytes" -lt "$rs_off" ]; then
      printf 'L its output is shorter than what was already read\n'
      break
    fi
    rs_send "$rs_bytes"
    # Ended, but something it left behind keeps the output open, as a daemon does. After about a
    # second the output is taken as it is, and the daemon keeps its pipe.
    if [ "$rs_a" = E ]; then
      rs_held=$((rs_held + 1))
      [ "$rs_held" -gt 5 ] && kill -s USR1 "$rs_o" 2>/dev/null
    fi
    rs_wait
  done
  [ "$rs_due" = 1 ] || return 10
}

# Sleeps until a job ends or a fifth of a second has gone. One tick is asked for at a time and is
# left in the bell when a job ends before it, so that a run of short jobs costs no sleeping process each.
rs_wait() {
  if [ "$rs_due" = 0 ]; then
    printf 't\n' >&5
    rs_due=1
  fi
  read -r rs_event <&6
  [ "$rs_event" = t ] && rs_due=0
  return 0
}

# Runs in the command's own shell, as leader of its own session. The program comes in one line on a
# pipe and is never in an argument or a file; the fence is passed only with all of it in hand.
rs_job='IFS= read -r rs_b || exit 125
read -r rs_x </proc/self/stat || exit 125
set -- "$1" ${rs_x##*) }
printf "%s %s\n" $$ "${21}" >"${1}_run" || exit 125
set -C
printf "go\n" 2>/dev/null >"${1}_go" || exit 125
set +C
exec </dev/null
set --
case $rs_b in *\\*) rs_b=$(printf %b "$rs_b") ;; esac
eval "unset rs_b rs_x; $rs_b"'

# The same for a command that gets a terminal. The fence is passed here; script(1) makes the terminal, and its
# standard input is the fifo of the keys, opened for writing too, so that it never comes to an end. The program
# goes on to the terminal's side on descriptor 3.
rs_stage='IFS= read -r rs_b || exit 125
read -r rs_x </proc/self/stat || exit 125
rs_j=$1 rs_w=$2 rs_i=$3 rs_o=$4 rs_k=$SHELL
set -- ${rs_x##*) }
printf "%s %s\n" $$ "${20}" >"${rs_j}_run" || exit 125
set -C
printf "go\n" 2>/dev/null >"${rs_j}_go" || exit 125
set +C
export rs_j rs_w rs_i rs_o rs_k SHELL=/bin/sh TERM=xterm-256color
printf "%s\n" "$rs_b" | script -q -c "eval \"\$rs_i\"" /dev/null 3<&0 <>"${rs_j}_keys"'

# Runs on the terminal, as leader of its session, which the shell that has the program does not: whatever a
# key or a hangup does to that one, its exit code is written here. What script(1) itself returns is not used: it
# is not the same everywhere.
rs_lead='read -r rs_x </proc/self/stat || exit 125
set -- ${rs_x##*) }
stty sane rows 24 cols 80
set -C
printf "%s %s %s\n" $$ "${20}" "$(tty)" 2>/dev/null >"${rs_j}_tty" || exit 125
set +C
{ read -r rs_x <"${rs_j}_size" && stty rows "${rs_x% *}" cols "${rs_x#* }"; } 2>/dev/null
trap : INT QUIT TERM HUP
"$rs_w" -c "$rs_o"
printf "%-3s\n" $? 1<>"${rs_j}_code"'

# Runs in the command's own shell on the terminal.
rs_play='IFS= read -r rs_b <&3 || exit 125
exec 3<&-
SHELL=$rs_k
[ -n "$SHELL" ] || unset SHELL
unset rs_j rs_w rs_i rs_o rs_k
case $rs_b in *\\*) rs_b=$(printf %b "$rs_b") ;; esac
eval "unset rs_b; $rs_b"'

# Runs in the question's own shell. Its standard error is on 3 until it begins: while the agent waits,
# dash has the command's 2 for its own, and would say there that a signal ended it.
rs_question='IFS= read -r rs_b || exit 125
printf "P %s\n" $$ >&7
exec </dev/null 2>&3 3>&- 7>&-
case $rs_b in *\\*) rs_b=$(printf %b "$rs_b") ;; esac
eval "unset rs_b; $rs_b"'

# The two halves of a job, children of the agent that outlive it. No `&` on the way to the command,
# because a shell without job control starts what follows `&` with SIGINT and SIGQUIT ignored for good.
# Between them is a pipe and not straight a file, because a script that says >/dev/stderr would
# otherwise empty the file.
rs_run() {
  if [ "$2" = tty ]; then
    printf '%s\n' "$rs_b" |
      setsid sh -c "$rs_stage" runsheet "$rs_d" "$1" "$rs_lead" "$rs_play" 2>&1 6>&-
    rs_c=$?
    rs_ended
  else
    printf '%s\n' "$rs_b" | setsid "$1" -c "$rs_job" runsheet "$rs_d" 2>&1 6>&-
    rs_c=$?
  fi
  rs_g=''
  { read -r rs_g <"${rs_d}_go"; } 2>/dev/null
  [ "$rs_g" = go ] && [ -n "$rs_c" ] && printf 'E %3d %23d E\n' "$rs_c" 0 1<>"${rs_d}_status"
}

# Does the session on the terminal of the job in rs_d live? Sets rs_p to its leader, which is also its
# process group, and rs_t to the terminal's name.
rs_on_tty() {
  rs_ps=''
  { read -r rs_p rs_ps rs_t <"${rs_d}_tty"; } 2>/dev/null
  [ -n "$rs_ps" ] && rs_stat "/proc/$rs_p/stat" && [ "$rs_start" = "$rs_ps" ]
}

# The exit code of a command on a terminal, into rs_c, which has that of script(1). Empty where nobody can say:
# script(1) is gone, and what it ran lives on.
rs_ended() {
  rs_x=$rs_c
  if (set -C; printf '\n' >"${rs_d}_tty") 2>/dev/null; then
    # it never came to the command, and now never will
    [ "$rs_x" = 0 ] && rs_c=125
    return
  fi
  rs_g=0
  while :; do
    rs_on_tty
    rs_x=$?
    # after the look at the leader: whatever it wrote before it ended is read
    rs_c=''
    { read -r rs_c <"${rs_d}_code"; } 2>/dev/null
    [ -n "$rs_c" ] && return
    if [ "$rs_x" != 0 ] && [ -n "$rs_ps" ]; then rs_c=137; return; fi
    [ "$rs_g" = 20 ] && return
    rs_g=$((rs_g + 1))
    sleep 0.2 || sleep 1
  done
}

# The keeper: answers for the job, takes its output and writes its status.
rs_keep() {
  # over the agent's own entry, which has the same width; not $$, which is the agent in every subshell
  rs_stat /proc/self/stat
  printf '%-10s %-20s %s\n' "$rs_pid" "$rs_start" "$rs_boot" 1<>"$rs_d"
  exec 3<&0
  rs_end=X rs_told=no
  trap 'rs_told=yes' USR1
  cat <&3 3<&- 6>&- >"${rs_d}_out" &
  rs_x=$!
  wait "$rs_x"
  rs_o=$?
  if [ "$rs_o" -gt 128 ] && [ "$rs_told" = yes ]; then
    # Our wait was ended, because something the command left behind holds its output. The output is final
    # from here on: no more is written to it, and what the daemon still says goes nowhere.
    # Descriptor 3 keeps the pipe whole meanwhile.
    kill -s KILL "$rs_x"
    while kill -s 0 "$rs_x"; do wait "$rs_x"; done
    cat <&3 3<&- 6>&- >/dev/null &
  elif [ "$rs_o" -gt 0 ]; then
    # Cat ended before its input did: a full disk costs output, never the command, which would die of a
    # broken pipe.
    rs_end=C
    cat <&3 3<&- 6>&- >/dev/null &
    wait $!
  fi
  { read -r rs_a rs_c rs_n rs_z <"${rs_d}_status"; } 2>/dev/null
  if [ "$rs_a" = E ]; then
    rs_size
    printf 'X %3d %23d %s\n' "$rs_c" "$rs_bytes" "$rs_end" 1<>"${rs_d}_status"
  fi
  printf 'd\n' >&6
}

# S token nonce shell near|far plain|tty, then the program in one line
rs_begin() {
  rs_meant "$1" "$2" || return
  rs_off=0 rs_held=0 rs_mode=$4
  if [ "${2##*.}" = "$rs_boot" ] && rs_claim; then
    if ! { printf 'R %3d %23d R\n' 0 0 >"${rs_d}_status" && printf '' >"${rs_d}_out" &&
      { [ "$5" != tty ] || rs_sets; }; } 2>/dev/null; then
      rm -f "$rs_d" "${rs_d}_status" "${rs_d}_out" "${rs_d}_keys" "${rs_d}_code"
      printf 'E no room for a receipt in %s\n' "$rs_spool"
      return
    fi
    rs_run "$3" "$5" </dev/null 4<&- 5>&- 7>&- 8>&- 9<&- | rs_keep 4<&- 5>&- 7>&- 8>&- 9<&- | {
      rs_b=''
      rs_wait
      rs_follow "$rs_boot"
    }
    [ $? = 10 ] && rs_due=0 || rs_due=1
    return
  fi
  # A claim without a word is being made just now, or could not be: then nothing came of it, and it is
  # taken back. Should its maker wake up after all, the fence still lets one of two pass.
  [ -e "$rs_d" ] && [ ! -s "$rs_d" ] && sleep 1
  if [ -e "$rs_d" ] && [ ! -s "$rs_d" ]; then
    rm -f "$rs_d"
    printf 'E no room for a receipt in %s\n' "$rs_spool"
  elif [ -e "$rs_d" ]; then
    rs_follow "${2##*.}"
    return 0
  elif [ "${2##*.}" != "$rs_boot" ]; then
    printf 'L the host has restarted since, and what it knew may be gone\n'
  else
    printf 'E cannot make a receipt in %s\n' "$rs_spool"
  fi
}

# Q mark shell, then the program in one line. Both outputs end with the mark, which nobody could
# know before. Each goes through a cat: what the program leaves behind may hold the cat, and can
# never write into a later answer.
rs_ask() {
  printf '%s\n' "$1" >&8
  rs_set=setsid
  command -v setsid >/dev/null 2>&1 || rs_set=''
  if [ "$rs_pipes" = yes ]; then
    # Three processes, which is what a question takes. The writing ends are opened before the cats
    # look, so that neither sees an end too early; a cat that ignores SIGINT does no harm.
    {
      cat <&4 >&7 3>&- 4<&- 5>&- 6>&- 8>&- 9<&- &
      rs_o=$!
      cat <&9 >&8 3>&- 4<&- 5>&- 6>&- 7>&- 9<&- &
      rs_x=$!
      $rs_set "$2" -c "$rs_question" runsheet 4<&- 5>&- 6>&- 8>&- 9<&-
      rs_c=$?
    } >/proc/self/fd/4 3>/proc/self/fd/9
    wait "$rs_o"
    wait "$rs_x"
  else
    # no fifo or no /proc: the same from pipes alone, with twice the processes
    rs_c=$(
      {
        {
          {
            $rs_set "$2" -c "$rs_question" runsheet 5>&- 6>&- 8>&- 9>&-
            printf '%s' $? >&9
          } | cat >&7 3>&-
        } 3>&1 | cat >&8
      } 9>&1
    )
  fi
  printf '%s\n' "$1" >&8
  printf '%s %s\n' "$1" "$rs_c"
}

rs_report() {
  case $rs_st in
  X) printf 'X %s %s\n' "$rs_c" "$rs_n" ;;
  R | W) rs_size; printf 'R %s\n' "$rs_bytes" ;;
  L) printf 'L %s\n' "$rs_lost" ;;
  *) printf '%s\n' "$rs_st" ;;
  esac
}

# Signals the process group $2. Busybox knows no `--` there, and dash no group without it. Which it is, is found out
# without a signal: busybox complains about the `--` and signals all the same, and who signals what is gone by that
# would be told that it was gone before.
rs_group() {
  if kill -s 0 -- "-$2"; then
    kill -s "$1" -- "-$2"
  else
    kill -s "$1" "-$2"
  fi 2>/dev/null
}

rs_kill() {
  rs_settle "${2##*.}"
  rs_x=1
  if [ "$rs_st" = R ] && [ "$rs_a" = R ]; then
    # The session on a terminal is another than that of whoever made the terminal. That one ends with it, and by
    # itself only when nobody may clean up any more.
    rs_on_tty && rs_group "$3" "$rs_p" && [ "$3" != KILL ] && rs_x=0
    if [ "$rs_x" = 1 ] && read -r rs_p rs_ps <"${rs_d}_run" 2>/dev/null &&
      rs_stat "/proc/$rs_p/stat" && [ "$rs_start" = "$rs_ps" ]; then
      rs_group "$3" "$rs_p" && rs_x=0
    fi
  fi
  if [ "$rs_x" = 0 ]; then
    printf 'K sent\n'
  else
    printf 'K gone\n'
  fi
}

# W token nonce, then what was typed in one line, as printf %b undoes it. Written by a child, because a program that
# does not read fills the fifo in the end; the follower, which may be another agent, is woken while the answer of
# the program is likely to come.
rs_type() {
  rs_settle "${2##*.}"
  # What came before the terminal has been set up would be taken for other keys.
  rs_n=0
  while case $rs_st in W) ;; R) [ -p "${rs_d}_keys" ] ;; *) false ;; esac &&
    [ ! -s "${rs_d}_tty" ] && [ "$rs_n" -lt 15 ]; do
    rs_wait
    rs_n=$((rs_n + 1))
    rs_settle "${2##*.}"
  done
  case $rs_st in R | W) ;; *) printf 'K gone\n'; return ;; esac
  if [ ! -s "${rs_d}_tty" ]; then
    printf 'E it has no terminal\n'
    return
  fi
  {
    printf %b "$rs_b" 1<>"${rs_d}_keys"
    printf 'k\n' >&6
    if read -r rs_p rs_ps <"${rs_d}_by" && rs_stat "/proc/$rs_p/stat" && [ "$rs_start" = "$rs_ps" ]; then
      for rs_x in 0.02 0.05 0.1; do
        sleep "$rs_x" || break
        [ -p "/proc/$rs_p/fd/6" ] && printf 'y\n' 1<>"/proc/$rs_p/fd/6"
      done
    fi
  } </dev/null >/dev/null 4<&- 5>&- 7>&- 8>&- 9<&- &
  rs_x=$! rs_n=0
  while [ "$rs_n" -lt 15 ]; do
    rs_wait
    case $rs_event in
    k) printf 'K sent\n'; return ;;
    t) rs_n=$((rs_n + 1)) ;;
    esac
  done
  kill -s KILL "$rs_x"
  printf 'E the program does not take what is typed\n'
}

# T token nonce rows columns. What has not begun finds it when it does.
rs_resize() {
  rs_settle "${2##*.}"
  case $rs_st in R | W) ;; *) printf 'K gone\n'; return ;; esac
  case $3$4 in *[!0-9]*) printf 'E that is no size\n'; return ;; esac
  { printf '%s %s\n' "$3" "$4" >"${rs_d}_size"; } 2>/dev/null
  rs_on_tty && stty rows "$3" cols "$4" <"$rs_t"
  printf 'K sent\n'
}

# In place and not anew: on a full disk the word must not be lost, or the name would be free.
rs_remove() {
  { printf 'gone\n' 1<>"$rs_d"; } 2>/dev/null &&
    rm -f "${rs_d}_run" "${rs_d}_go" "${rs_d}_status" "${rs_d}_out" 2>/dev/null &&
    { [ ! -p "${rs_d}_keys" ] || rm -f "${rs_d}_keys" "${rs_d}_tty" "${rs_d}_code" "${rs_d}_size" "${rs_d}_by"; }
}

# Frees the names of what was acknowledged or revoked so long ago that nothing of it is under way any more.
rs_sweep() {
  find "$rs_spool/jobs" -type f ! -name '*_*' -mtime +30 2>/dev/null | while IFS= read -r rs_d; do
    [ -e "${rs_d}_status" ] || rm -f "$rs_d" "${rs_d}_go"
  done
}

rs_forget() {
  rs_settle "${2##*.}"
  [ "$rs_o" = gone ] && rs_st=X
  case $rs_st in
  X | V) rs_remove && printf 'A\n' || printf 'E cannot remove %s\n' "$rs_d" ;;
  N) printf 'A\n' ;;
  *) printf 'E the step is not settled, so its receipt stays\n' ;;
  esac
}

rs_main() {
  exec 5>&1 1>&7
  # meant for a keeper; caught and not ignored, which would reach into every command
  trap : USR1
  printf 'runsheet %s\n' "$rs_word"
  rs_hello
  [ -n "$rs_why" ] || rs_sweep
  while IFS=' ' read -r rs_x rs_v rs_1 rs_2 rs_3 rs_4 rs_5; do
    [ "$rs_x" = "$rs_word" ] || continue
    case $rs_v in
    H) rs_hello ;;
    S) IFS= read -r rs_b || exit 1; rs_begin "$rs_1" "$rs_2" "$rs_3" "$rs_4" "$rs_5"; rs_b='' ;;
    Q) rs_ask "$rs_1" "$rs_2" ;;
    F)
      if rs_meant "$rs_1" "$rs_2"; then
        rs_off=$rs_3 rs_held=0 rs_mode=$rs_4
        rs_follow "${rs_2##*.}"
      fi ;;
    P) rs_meant "$rs_1" "$rs_2" && { rs_settle "${rs_2##*.}"; rs_report; } ;;
    V)
      if rs_meant "$rs_1" "$rs_2"; then
        [ "${rs_2##*.}" = "$rs_boot" ] && { rs_claim; rs_fence; }
        rs_state "${rs_2##*.}"
        rs_report
      fi ;;
    K) rs_meant "$rs_1" "$rs_2" && rs_kill "$rs_1" "$rs_2" "$rs_3" ;;
    W) IFS= read -r rs_b || exit 1; rs_meant "$rs_1" "$rs_2" && rs_type "$rs_1" "$rs_2"; rs_b='' ;;
    T) rs_meant "$rs_1" "$rs_2" && rs_resize "$rs_1" "$rs_2" "$rs_3" "$rs_4" ;;
    A) rs_meant "$rs_1" "$rs_2" && rs_forget "$rs_1" "$rs_2" ;;
    Z) rs_group KILL "$rs_1"; printf 'A\n' ;;
    *) printf 'E unknown verb\n' ;;
    esac
  done
}

[ -n "$rs_spool" ] || rs_spool=${XDG_STATE_HOME:-$HOME/.local/state}/runsheet/spool
exec 7>&1 8>&2 2>/dev/null
rs_bell=$rs_spool/bell.$$
rs_pipes=no
if (umask 077; mkdir -p "$rs_spool" && mkfifo "$rs_bell" "$rs_bell.o" "$rs_bell.e") 2>/dev/null; then
  # each reading end is opened beside a writing one, or the open would wait for somebody to write
  exec 6<>"$rs_bell" 3<>"$rs_bell.o" 4<"$rs_bell.o" 3<>"$rs_bell.e" 9<"$rs_bell.e" 3>&-
  [ -p /proc/self/fd/4 ] && [ -p /proc/self/fd/9 ] && rs_pipes=yes
else
  exec 6</dev/null
fi
rm -f "$rs_bell" "$rs_bell.o" "$rs_bell.e" 2>/dev/null
# The ticker sleeps when asked to and ends when the last holder of its pipe, the agent, has ended.
rs_main | while read -r rs_x; do
  sleep 0.2 2>/dev/null || sleep 1
  printf 't\n' >&6
done >/dev/null 4<&- 7>&- 8>&- 9<&-
# never back to the shell that read this program: it would take the next verb for a command
exit 0
}
