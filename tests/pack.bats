#!/usr/bin/env bats
# A pack of evidence: the same bytes for the same run, checked with openssl, tar and sha256sum alone, and by envtally verify; whatever an
# attacker changes is caught.

load helper

pipeline=$root/pipeline.sh
export ENVTALLY_BIN=${ENVTALLY_BIN:-$root/bin}
second=20250325T020000Z
all=${BATS_FILE_TMPDIR-}

# Keys and certificates of a signer, of an authority for time stamps and of its server; and the pack of two nights, signed.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	acme_after 2 ws
	own_key key.pem
	openssl req -x509 -key key.pem -out signer.pem -days 2 -subj '/CN=Signer of acme' 2>/dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other-key.pem -out other.pem -days 2 -subj '/CN=Someone else' 2>/dev/null
	"$pipeline" evidence $second -q -C ws --to pack.tar --sign-key key.pem --certificate signer.pem
}
teardown() {
	[ -z "${server-}" ] || kill "$server" 2>/dev/null || true
	sound_ledgers
}

evidence() { "$pipeline" evidence $second -q -C "${ws:-$all/ws}" "$@"; }
verify() { "$pipeline" verify "$@"; }

@test "the same run gives the same bytes, wherever and whoever makes the pack" {
	mkdir 'another place'
	cp -r "$all/ws" 'another place/w s'
	chmod -R o-rwx,g+w 'another place'
	find 'another place' -exec touch -d 2001-01-01 {} +
	(umask 077 && ws='another place/w s' evidence --to twin.tar)
	same_files "$all/pack.tar" twin.tar
	[ ! -e twin.tar.p7s ]
	# An old signature does not stay beside a new pack.
	cp "$all/pack.tar.p7s" twin.tar.p7s
	evidence --to twin.tar
	[ ! -e twin.tar.p7s ]
	# The whole of it: each file of both runs, and the programs.
	tar -tf twin.tar | sed -n 's,^envtally-evidence/runs/,,p' | grep '[^/]$' | LC_ALL=C sort >packed
	(cd "$all/ws/runs/acme" && find . -type f -printf '%P\n' | LC_ALL=C sort) >kept
	same_files kept packed
	tar -xOf twin.tar envtally-evidence/programs >programs
	digest=$(sha256sum <"$ENVTALLY_BIN/merge")
	grep -qxF "${digest%% *}  merge" programs
	[ "$(head -n 1 programs)" = "$("$pipeline" --version)" ]
}

@test "verify of a pack: signature, chain and replay; it needs no workspace" {
	run -0 --separate-stderr verify "$all/pack.tar" --certificate "$all/signer.pem"
	same "acme: run $second: every output is what its evidence gives, byte for byte" "${lines[-1]}"
	[[ ${lines[0]} == "$all/pack.tar: signed by CN=Signer of acme "* && ${lines[1]} == "$all/pack.tar: 2 run(s) up to $second: "* ]]
	same "$(sha256sum <"$all/ws/runs/acme/$second/raw/manifest.json" | cut -d ' ' -f 1)" "${lines[2]##* }"
	run -0 --separate-stderr verify "$all/pack.tar"
	[[ ${lines[0]} == *", a certificate that was not checked: --certificate FILE names the one you trust" ]]
	run --separate-stderr verify "$all/pack.tar" --certificate "$all/other.pem"
	[[ $status -eq 65 && $stderr == "pipeline.sh: cannot verify '$all/pack.tar': its signature '$all/pack.tar.p7s' does not hold: "* ]]
	cp "$all/pack.tar" alone.tar
	run --separate-stderr verify alone.tar --certificate "$all/signer.pem"
	fails 66 "pipeline.sh: cannot verify 'alone.tar': its signature 'alone.tar.p7s' is missing"
	run -0 --separate-stderr verify alone.tar
	same "alone.tar: not signed" "${lines[0]}"
	# A certificate that an authority issued is checked by that authority's.
	openssl req -newkey rsa:2048 -nodes -keyout issued-key.pem -out issued.csr -subj '/CN=Issued' 2>/dev/null
	openssl x509 -req -in issued.csr -CA "$all/signer.pem" -CAkey "$all/key.pem" -CAcreateserial -days 2 -out issued.pem 2>/dev/null
	evidence --to issued.tar --sign-key issued-key.pem --certificate issued.pem
	run -0 --separate-stderr verify issued.tar --certificate "$all/signer.pem"
}

@test "the README in a pack: its commands check it, with openssl, tar and sha256sum alone" {
	mkdir only work
	for tool in openssl tar sha256sum; do ln -s "$(command -v $tool)" only/; done
	tar -xOf "$all/pack.tar" envtally-evidence/README >README
	# All but the time stamp, which this pack has not, and the replay.
	sed -n 's/^       //p' README | grep '^[a-z]' | grep -v -e ' ts ' -e '^envtally' | sed "s,PACK,../pack.tar,g; s,SIGNER.pem,../signer.pem,g" >commands
	same 5 "$(grep -c . commands)"
	sed -i "s,-in PACK,-in ../pack,; s,\.\./signer.pem,$all/signer.pem,; s,\.\./pack\.tar,../pack.tar,g" commands
	cp "$all"/pack.tar* .
	check() { (cd work && PATH=$PWD/../only "$(command -v bash)" -e ../commands); }
	run -0 check
	[[ $output == *"CMS Verification successful"* ]]
	printf X | dd of=pack.tar bs=1 seek=5000 conv=notrunc status=none
	run ! check
}

@test "any byte that is changed, added or cut off is caught, with a signature and without" {
	cp "$all/pack.tar" sound.tar
	cp "$all/pack.tar" signed.tar
	cp "$all/pack.tar.p7s" sound.p7s
	size=$(stat -c %s sound.tar)
	flip() { # FILE OFFSET
		perl -e 'open F, "+<", $ARGV[0] or die; seek F, $ARGV[1], 0; read F, $_, 1; seek F, $ARGV[1], 0; print F chr(ord ^ 1)' "$1" "$2"
	}
	# Each field of the first header, which is of a folder, and of the README's; then here and there, and the zeros at the end.
	for offset in 0 100 108 116 124 136 148 156 157 257 263 265 297 329 337 345 500 511 512 612 636 668 777 1024 9999 $((RANDOM * 40)) $((RANDOM * 40)) $((size / 2)) $((size - 700)) $((size - 1)); do
		cp sound.tar pack.tar
		flip pack.tar "$offset"
		run --separate-stderr verify pack.tar
		[[ $status -eq 65 && $stderr == "pipeline.sh: cannot verify 'pack.tar': "* ]] || { echo "offset $offset: $status $stderr"; false; }
	done
	cp pack.tar signed.tar
	cp sound.p7s signed.tar.p7s
	run --separate-stderr verify signed.tar
	[[ $status -eq 65 && $stderr == *"its signature 'signed.tar.p7s' does not hold"* ]]
	head -c 100000 sound.tar >pack.tar
	run --separate-stderr verify pack.tar
	[ "$status" -eq 65 ]
	{ cat sound.tar && head -c 512 /dev/zero; } >pack.tar
	run --separate-stderr verify pack.tar
	[ "$status" -eq 65 ]
	cp sound.tar signed.tar
	for offset in 30 600 $(($(stat -c %s sound.p7s) - 20)); do
		cp sound.p7s signed.tar.p7s
		flip signed.tar.p7s "$offset"
		run --separate-stderr verify signed.tar --certificate "$all/signer.pem"
		[ "$status" -eq 65 ] || { echo "signature, offset $offset"; false; }
	done
}

# repack FOLDER FILE: an archive in the form of a pack.
repack() {
	LC_ALL=C tar --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode='a-x,u=rwX,go=rX' --hard-dereference -cf "$2" "$1"
}

@test "a pack that someone made anew, in the right form, is caught where it contradicts itself" {
	tar -xf "$all/pack.tar"
	cp -r envtally-evidence sound
	sums() { (cd envtally-evidence && find . -type f ! -path ./SHA256SUMS -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS); }
	attack() { # COMMAND: in the folder; sets status and stderr
		rm -rf envtally-evidence
		cp -r sound envtally-evidence
		(cd envtally-evidence && eval "$1")
		[ "${2-}" = unsummed ] || sums
		repack envtally-evidence forged.tar
		run --separate-stderr verify forged.tar
		[ "$status" -eq 65 ] || { echo "$1: $status $output $stderr"; false; }
	}
	run=runs/$second
	attack "echo >>$run/results.ndjson" unsummed
	same "pipeline.sh: cannot verify 'forged.tar': $run/results.ndjson: FAILED" "$stderr"
	attack "echo '{}' >$run/inputs/policy.json" unsummed
	[[ $stderr == *"its SHA256SUMS do not list its files"* ]]
	attack "echo >>$run/results.ndjson"
	[[ $stderr == "run-facts: cannot verify run '$second': results.ndjson differs from its manifest" ]]
	attack "echo '{}' >$run/inputs/policy.json"
	[[ $stderr == "run-facts: cannot verify run '$second': inputs/policy.json is not in its manifest" ]]
	attack "rm $run/raw/fetch-datafeed.bodies"
	attack "cp -r $run runs/20990101T000000Z"
	[[ $stderr == *"its runs are not those of its chain" ]]
	attack "sed -i 1d chain"
	attack "sed -i 's/^[^ ]*/..\/..\/x/' chain"
	attack ': >chain'
	# Figures, manifest and chain changed together: the replay.
	attack "sed -i 's/Not Compliant/Compliant/' $run/results.ndjson
		sum=\$(sha256sum <$run/results.ndjson)
		jq --arg sum \"\${sum%% *}\" '(.files[] | select(.file == \"results.ndjson\")).sha256 = \$sum' $run/raw/manifest.json >m && mv m $run/raw/manifest.json
		sum=\$(sha256sum <$run/raw/manifest.json)
		sed -i \"\\\$s/[^ ]*\\\$/\${sum%% *}/\" chain"
	[[ $stderr == "pipeline.sh: run $second: results.ndjson differs from what its evidence gives" ]]
}

@test "a hostile archive is refused, and writes nothing outside" {
	mkdir -p envtally-evidence scratch home
	touch victim
	export TMPDIR=$PWD/scratch
	hostile() {
		run --separate-stderr verify hostile.tar
		[ "$status" -eq 65 ] && [ -z "$(ls -A scratch)" ] && [ ! -s victim ]
	}
	: >hostile.tar
	hostile
	ln -s ../../victim envtally-evidence/chain
	repack envtally-evidence hostile.tar
	hostile
	rm envtally-evidence/chain
	echo evil >evil
	tar -P --transform 's,evil,../../victim,' -cf hostile.tar evil
	hostile
	mkfifo envtally-evidence/chain
	repack envtally-evidence hostile.tar
	hostile
	rm envtally-evidence/chain
	truncate -s 1T envtally-evidence/chain
	tar --sparse -cf hostile.tar envtally-evidence
	hostile
	gzip -c "$all/pack.tar" >hostile.tar
	hostile
	[ -z "$(find . -maxdepth 1 -name 'evil?*')" ]
}

@test "without bodies: their SHA-256 stay, and verify says that nothing was replayed" {
	evidence --without-bodies --to pack.tar
	evidence --without-bodies --to twin.tar
	same_files pack.tar twin.tar
	! tar -tf pack.tar | grep -q '\.bodies$'
	tar -xOf pack.tar envtally-evidence/runs/$second/raw/manifest.json | grep -qF "$(sha256sum <"$all/ws/runs/acme/$second/raw/fetch-datafeed.bodies" | cut -d ' ' -f 1)"
	run -0 --separate-stderr verify pack.tar
	same "pack.tar: not replayed: the recorded bodies are not in it" "${lines[-1]}"
}

@test "evidence that does not hold is not packed" {
	cp -r "$all/ws" ws
	echo '{}' >ws/runs/acme/20250318T020000Z/inputs/policy.json
	ws=ws run --separate-stderr evidence --to pack.tar
	fails 65 "run-facts: cannot verify run '20250318T020000Z': inputs/policy.json is not in its manifest"
	[ ! -e pack.tar ]
}

@test "a key with a password: from a file or a descriptor, never from the command line" {
	printf 'Secret12\n' >password
	openssl rsa -in "$all/key.pem" -aes256 -passout file:password -out locked.pem 2>/dev/null
	evidence --to pack.tar --sign-key locked.pem --certificate "$all/signer.pem" --sign-key-password file:password
	evidence --to pack.tar --sign-key locked.pem --certificate "$all/signer.pem" --sign-key-password fd:7 7<password
	run -0 verify pack.tar --certificate "$all/signer.pem"
	printf 'Secret13\n' >password
	run --separate-stderr evidence --to pack.tar --sign-key locked.pem --certificate "$all/signer.pem" --sign-key-password file:password
	[[ $status -eq 77 && $stderr == "pipeline.sh: cannot sign with 'locked.pem' and '$all/signer.pem': "* && $stderr != *Secret13* ]]
	for source in pass:Secret12 Secret12 env:X; do
		run --separate-stderr evidence --to pack.tar --sign-key locked.pem --certificate "$all/signer.pem" --sign-key-password $source
		[[ $status -eq 64 && $stderr != *Secret12* ]]
	done
	run --separate-stderr evidence --to other.tar --sign-key "$all/key.pem" --certificate "$all/other.pem"
	[[ $status -eq 77 ]]
	[ ! -e other.tar ]
	run --separate-stderr evidence --to other.tar --sign-key "$all/key.pem"
	fails 64 "pipeline.sh: cannot sign: --sign-key and --certificate belong together"
	run --separate-stderr evidence
	fails 64 "pipeline.sh: cannot make evidence of run '$second': --to FILE is missing"
	run --separate-stderr "$pipeline" evidence 20200101T000000Z -C "$all/ws" --to other.tar
	fails 66 "pipeline.sh: cannot make evidence of run '20200101T000000Z': profile 'acme' has no run of that name"
}

# stamps [FAULT]: the responder, at $tsa.
stamps() {
	rm -f port
	node "$root/tests/evidence/time-stamps.js" port server-key.pem server.pem tsa.cnf "$@" 3>&- &
	server=$!
	wait_for_server $server port
	tsa=https://127.0.0.1:$(cat port)/tsr
}

@test "a time stamp by OpenSSL's own responder: of the signature, trusted by the certificate given, over TLS that is verified" {
	own_key server-key.pem
	own_key tsa-key.pem
	openssl req -x509 -key server-key.pem -out server.pem -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	openssl req -x509 -key tsa-key.pem -out tsa.pem -days 2 -subj '/CN=Time' -addext extendedKeyUsage=critical,timeStamping 2>/dev/null
	echo 01 >serial
	printf '%s\n' '[tsa]' default_tsa=here '[here]' serial=serial signer_cert=tsa.pem signer_key=tsa-key.pem signer_digest=sha256 default_policy=1.2.3.4 digests=sha256 >tsa.cnf
	stamps
	stamped() { evidence --to pack.tar --sign-key "$all/key.pem" --certificate "$all/signer.pem" --tsa "$tsa" "$@"; }
	# Whose TLS certificate nobody vouches for is not asked.
	run --separate-stderr stamped --tsa-certificate tsa.pem
	[[ $status -eq 69 && $stderr == "pipeline.sh: cannot get a time stamp from '$tsa': "*certificate* ]]
	[ ! -e pack.tar ]
	export CURL_CA_BUNDLE=$PWD/server.pem
	run --separate-stderr stamped
	[[ $status -eq 65 && $stderr == "pipeline.sh: cannot trust the time stamp: "*"(--tsa-certificate FILE names its authority's certificate)" ]]
	run -0 stamped --tsa-certificate tsa.pem
	same_files "$all/pack.tar" pack.tar
	openssl ts -verify -in pack.tar.tsr -data pack.tar.p7s -CAfile tsa.pem 2>/dev/null
	run -0 --separate-stderr verify pack.tar --certificate "$all/signer.pem" --tsa-certificate tsa.pem
	[[ ${lines[1]} == "pack.tar: time stamp of "*GMT ]]
	run --separate-stderr verify pack.tar --tsa-certificate "$all/other.pem"
	[ "$status" -eq 65 ]
	# Another signature has another time.
	cp pack.tar.tsr other.tar.tsr
	evidence --to next.tar --sign-key "$all/other-key.pem" --certificate "$all/other.pem"
	cp other.tar.tsr next.tar.tsr
	run --separate-stderr verify next.tar --tsa-certificate tsa.pem
	[[ $status -eq 65 && $stderr == *"message imprint mismatch"* ]]
	for fault in large other refuse; do
		kill $server
		stamps $fault
		rm -f pack.tar*
		run --separate-stderr stamped --tsa-certificate tsa.pem
		[[ $status -eq 69 || $status -eq 65 ]] && [ ! -e pack.tar ] || { echo "$fault: $status $stderr"; false; }
	done
	for url in http://127.0.0.1/ "https://me:Secret12@127.0.0.1/" -x ftp://x; do
		run --separate-stderr evidence --to pack.tar --tsa "$url"
		[[ $status -eq 64 && $stderr != *Secret12* ]]
	done
}
