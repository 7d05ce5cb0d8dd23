# Sourced by the job scripts here: run malmoi, hand Slurm's signals on to it, and requeue the job where it may resume.
#
# USR1 is the warning before the time limit (--signal=B:USR1@120): malmoi saves, ends with 75, and the job goes back
# into the queue. TERM is scancel or a preemption: handed on too, but whether the job comes back is Slurm's to say.

run_and_requeue() {
    local woken='' warned='' code=1 found runner
    .venv/bin/malmoi "$@" &
    runner=$!
    trap 'woken=yes warned=yes; kill -USR1 "$runner" 2>/dev/null' USR1
    trap 'woken=yes; kill -TERM "$runner" 2>/dev/null' TERM
    while :; do
        woken=''
        wait "$runner"
        found=$?
        [ "$found" -eq 127 ] || code=$found # 127: its exit code was fetched before
        [ -n "$woken" ] || break            # a signal ends `wait` early: wait again
    done
    trap - USR1 TERM
    # 138 is death by USR1: the warning came before malmoi had begun to listen.
    if [ -n "$warned" ] && { [ "$code" -eq 75 ] || [ "$code" -eq 138 ]; }; then
        scontrol requeue "$SLURM_JOB_ID"
    fi
    exit "$code"
}
