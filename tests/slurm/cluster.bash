# shellcheck shell=bash
# A Slurm cluster on this host, for tests: `load slurm/cluster`. One munged, one slurmctld and some slurmd with names of their own (n1, n2 …)
# on loopback, at ports that are free, with all files in one folder; no systemd, as root or as any user.
#
#   slurm_start FOLDER NODES     starts it and waits until every node is idle; skips the test where Slurm is not installed. Sets
#                                SLURM_CONF, so that sbatch, squeue, scancel … speak to this cluster. FOLDER/pids/NAME has the process id
#                                of munged, slurmctld and each node: kill one, and see
#   slurm_node FOLDER NAME       starts a node, or starts it again
#   slurm_stop FOLDER            cancels every job and ends it all; call it in teardown: without a cluster it does nothing

slurm_start() { # FOLDER NODES
	local folder=$1 nodes=$2 tool ports number
	# Debian has the daemons where a user's PATH does not look.
	PATH=$PATH:/usr/sbin:/sbin
	for tool in munged slurmctld slurmd sbatch; do
		command -v "$tool" >/dev/null || skip "Slurm is not installed (bin/bootstrap --tests installs it)"
	done
	mkdir -p "$folder"/{pids,log,state,spool}
	chmod 0700 "$folder"
	head -c 64 /dev/urandom >"$folder/munge.key"
	chmod 0600 "$folder/munge.key"
	# The socket is a path of at most 107 bytes, which a temporary folder of bats may be longer than.
	slurm_socket=$(mktemp -d /tmp/munge.XXXXXX)
	chmod 0755 "$slurm_socket"
	echo "$slurm_socket" >"$folder/socket"
	slurm_daemon "$folder" munged munged --foreground --force --key-file="$folder/munge.key" --socket="$slurm_socket/socket" --pid-file="$slurm_socket/pid" \
		--log-file="$folder/log/munge" --seed-file="$folder/munge.seed" --num-threads=2
	eventually [ -S "$slurm_socket/socket" ] || return 1
	# Ports that are free: all are asked for at once, so that they differ.
	read -r -a ports <<<"$(perl -MSocket -e 'for (0 .. $ARGV[0]) {
			socket my $s, PF_INET, SOCK_STREAM, 0 or die; bind $s, sockaddr_in(0, INADDR_LOOPBACK) or die; push @open, $s;
			print +(sockaddr_in(getsockname $s))[0], " " }' "$nodes")"
	{
		cat <<-END
			ClusterName=envtally
			SlurmctldHost=$(hostname -s)(127.0.0.1)
			SlurmctldPort=${ports[0]}
			SlurmUser=$(id -un)
			SlurmdUser=$(id -un)
			AuthType=auth/munge
			AuthInfo=socket=$slurm_socket/socket
			CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
			StateSaveLocation=$folder/state
			SlurmdSpoolDir=$folder/spool/%n
			SlurmctldPidFile=$folder/slurmctld.pid
			SlurmdPidFile=$folder/%n.pid
			ProctrackType=proctrack/linuxproc
			TaskPlugin=task/none
			SelectType=select/cons_tres
			SchedulerParameters=batch_sched_delay=0,sched_min_interval=10000,bf_interval=1
			SlurmdParameters=config_overrides
			SlurmdTimeout=5
			KillWait=2
			ReturnToService=2
			MailProg=/bin/true
		END
		for ((number = 1; number <= nodes; number++)); do
			echo "NodeName=n$number NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=${ports[number]} CPUs=1"
		done
		echo "PartitionName=all Nodes=n[1-$nodes] Default=YES MaxTime=10 State=UP"
	} >"$folder/slurm.conf"
	echo "CgroupPlugin=cgroup/v1" >"$folder/cgroup.conf" # none is used
	export SLURM_CONF=$folder/slurm.conf
	slurm_daemon "$folder" slurmctld slurmctld -D -i
	for ((number = 1; number <= nodes; number++)); do slurm_node "$folder" "n$number"; done
	eventually slurm_idle "$nodes" || {
		tail -n 20 "$folder"/log/*
		return 1
	}
}
slurm_idle() { [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" -eq "$1" ]; }

slurm_daemon() { # FOLDER NAME COMMAND...
	"${@:3}" >"$1/log/$2.out" 2>&1 3>&- </dev/null &
	echo $! >"$1/pids/$2"
}

slurm_node() { # FOLDER NAME
	mkdir -p "$1/spool/$2"
	slurm_daemon "$1" "$2" slurmd -D -N "$2"
}

slurm_stop() { # FOLDER
	[ -d "$1/pids" ] || return 0
	if [ -e "$1/slurm.conf" ]; then
		scancel -u "$(id -un)" 2>/dev/null || :
		eventually slurm_quiet || :
	fi
	local file
	for file in "$1"/pids/n[0-9]* "$1/pids/slurmctld" "$1/pids/munged"; do
		[ ! -e "$file" ] || kill "$(<"$file")" 2>/dev/null || :
	done
	for file in "$1"/pids/*; do wait "$(<"$file")" 2>/dev/null || :; done
	rm -rf "$(<"$1/socket")"
}
slurm_quiet() { [ -z "$(squeue -h 2>/dev/null)" ]; }
