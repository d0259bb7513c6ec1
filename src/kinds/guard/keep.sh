if [ ! -e "$rs_g" ]; then
  echo "there is no such guard on this machine: whether the step was taken back is not known"
  exit 5
fi
rs_note=''
rs_lives "$rs_g" || rs_note=' (its process was gone already, as after a restart of the machine)'
if rs_fence "$rs_g" kept; then
  echo "kept: nothing on this machine takes the step back any more$rs_note"
  exit 0
fi
rs_past "$rs_g"
exit
