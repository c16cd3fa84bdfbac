# A worker lives on without its supervisor.
### daemon/child.c
/^become_worker/,/^}/s/if \(prctl\(PR_SET_PDEATHSIG, SIGKILL\) < 0\)/if (false)/
### daemon/worker.c
/^on_socket_event/,/^}/s/_Exit\(WORKER_EXIT_FAILED\);/;/
