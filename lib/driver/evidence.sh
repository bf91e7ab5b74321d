# shellcheck shell=bash disable=SC2154 # its variables are pipeline.sh's, which sources it
# evidence.sh: the evidence of a run as one file, a pack: made, signed, time stamped; and checked.
#
# A pack is a plain ustar archive of this script's own form: names in order, no times, no owners, fixed modes. So the same run gives the same
# bytes, and a pack is checked by making it again from what is in it. Signature (CMS, FILE.p7s) and time stamp (RFC 3161, FILE.tsr) are beside it.

evidence_command() {
	[ ${#operands[@]} -eq 1 ] || fail 64 "cannot make evidence: name one run from $program status"
	local wanted=${operands[0]} to=$export_to name pack all ending
	[ -n "$to" ] || fail 64 "cannot make evidence of run '$wanted': --to FILE is missing"
	no_option to "$to"
	[ "${answers[sign-key]+1}" = "${answers[certificate]+1}" ] || fail 64 "cannot sign: --sign-key and --certificate belong together"
	check_signing
	need_one_profile 'make evidence'
	all=$(promotions_to "$name" "$wanted") || fail 66 "cannot make evidence of run '$wanted': profile '$name' has no run of that name"
	make_scratch "$to"
	begin_after_checkpoint "$name" "$(promotions "$name")"
	check_kept "$wanted" 'make evidence of' "$all"
	pack=$scratch/envtally-evidence
	collect_pack "$pack" "$wanted" "$workspace/runs/$name" "$all"
	write_pack "$pack" >"$scratch/pack" || fail 74 "cannot write '$to': tar ended with status $?"
	[ -z "${answers[sign-key]-}" ] || sign_pack "$scratch/pack"
	[ -z "${answers[tsa]-}" ] || stamp_pack "$scratch/pack"
	for ending in .p7s .tsr ''; do
		rm -f -- "$to$ending"
		[ ! -e "$scratch/pack$ending" ] || mv -- "$scratch/pack$ending" "$to$ending" || fail 73 "cannot create '$to$ending'"
	done
	say "$name: run $wanted: its evidence and that of the $(($(grep -c . <<<"$all") - 1)) run(s) before it is in $to"
}

# What can be known to be wrong with the options before anything is read.
check_signing() {
	local file
	for file in sign-key certificate tsa-certificate; do
		[ ! -v "answers[$file]" ] || [ -f "${answers[$file]}" ] || fail 66 "cannot open '${answers[$file]}': there is no such file"
	done
	[[ ${answers[sign-key-password]-file:} =~ ^(file:|fd:[0-9]+$) ]] ||
		fail 64 "cannot use --sign-key-password: it must be file:PATH or fd:N, since other users can read a command line"
	[[ ${answers[tsa]-https://host} =~ ^https://[^@/]+(/|$) ]] || fail 64 "cannot use --tsa: it must be a URL that begins with https:// and has no password"
	need_tool openssl
	[ ! -v 'answers[tsa]' ] || need_tool curl
}

need_tool() { # PROGRAM
	command -v "$1" >/dev/null || fail 69 "cannot go on without $1: apt install $1"
}

collect_pack() { # FOLDER RUN RUNS-FOLDER PROMOTIONS
	local -A facts=()
	local run whole
	mkdir -p "$1/runs"
	printf '%s\n' "$4" >"$1/chain"
	read_facts verify "$2" --runs "$3" --promotions "$1/chain" ${base:+--after "$base_folder/checkpoint.json"}
	[ -z "$base" ] || ln -s "$(readlink -f "$base_folder")" "$1/checkpoint"
	while read -r run _; do
		whole_run "$3" "$run"
		ln -s "$(readlink -f "$whole")" "$1/runs/$run"
	done < <(runs_since "$4")
	{
		own_version
		sha256sum -- "$stages"/* "$driver"/*.sh "$(readlink -f "$0")" | sed -E 's,  .*/,  ,' | LC_ALL=C sort -k 2
	} >"$1/programs"
	write_pack_readme "$2" >"$1/README"
	pack_sums "$1" >"$1/SHA256SUMS"
}

pack_sums() { # FOLDER: every file in it but the sums, and the bodies that are left out
	local left_out=none
	[ ! -v 'answers[without-bodies]' ] || left_out='*.bodies'
	(cd "$1" && find -L . -type f ! -path ./SHA256SUMS ! -name "$left_out" -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum --)
}

write_pack() { # FOLDER: to standard output
	LC_ALL=C tar ${answers[without-bodies]+--exclude='*.bodies'} --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode='a-x,u=rwX,go=rX' --dereference --hard-dereference \
		-C "$(dirname "$1")" -cf - "$(basename "$1")"
}

# The reason in what openssl wrote to its standard error.
openssl_reason() { # ERRORS
	local reason
	reason=$(sed -nE 's/^[^:]*:error:[^:]*:[^:]*:[^:]*:([^:]*):.*/\1/p' "$1" | tail -n 1)
	printf '%s\n' "${reason:-$(head -n 1 "$1")}"
}

sign_pack() { # FILE
	openssl cms -sign -cades -binary -md sha256 -in "$1" -signer "${answers[certificate]}" -inkey "${answers[sign-key]}" \
		${answers[sign-key-password]:+-passin "${answers[sign-key-password]}"} -outform DER -out "$1.p7s" 2>"$scratch/errors" ||
		fail 77 "cannot sign with '${answers[sign-key]}' and '${answers[certificate]}': $(openssl_reason "$scratch/errors")"
}

# Of the signature, or of the pack where there is none.
stamp_pack() { # FILE
	local stamped=$1
	[ ! -e "$1.p7s" ] || stamped=$1.p7s
	openssl ts -query -data "$stamped" -sha256 -cert -out "$scratch/query" 2>"$scratch/errors" || fail 70 "cannot ask for a time stamp: $(openssl_reason "$scratch/errors")"
	curl -q -gfsS --proto =https --max-time 60 --max-filesize 1048576 -H 'Content-Type: application/timestamp-query' -H 'Accept: application/timestamp-reply' \
		--data-binary "@$scratch/query" --url "${answers[tsa]}" 2>"$scratch/errors" | head -c 1048576 >"$1.tsr" ||
		fail 69 "cannot get a time stamp from '${answers[tsa]}': $(head -n 1 "$scratch/errors")"
	check_stamp "$1.tsr" -queryfile "$scratch/query"
}

check_stamp() { # REPLY OPTION...: by the given authority, or the system's
	local authority=(-CApath /etc/ssl/certs)
	[ ! -v 'answers[tsa-certificate]' ] || authority=(-CAfile "${answers[tsa-certificate]}")
	openssl ts -verify -in "$1" "${@:2}" "${authority[@]}" -no_check_time >"$scratch/errors" 2>&1 ||
		fail 65 "cannot trust the time stamp: $(openssl_reason "$scratch/errors") (--tsa-certificate FILE names its authority's certificate)"
}

# ---- checking ----

verify_pack() { # FILE
	local file pack run name all bodies=() wrong whole
	local -A facts=()
	no_option file "$1"
	check_signing
	make_scratch
	pack=$scratch/envtally-evidence
	check_signature "$file"
	unpack "$file"
	pack_sums "$pack" >"$scratch/sums"
	cmp -s "$scratch/sums" "$pack/SHA256SUMS" || {
		wrong=$(cd "$pack" && sha256sum --quiet --strict -c SHA256SUMS 2>/dev/null | head -n 1) || true
		fail 65 "cannot verify '$file': ${wrong:-its SHA256SUMS do not list its files}"
	}
	all=$(cat "$pack/chain")
	run=$(last_promoted "$all")
	read_base "$pack/checkpoint"
	[ "$(runs_since "$all" | cut -d ' ' -f 1 | LC_ALL=C sort)" = "$(LC_ALL=C ls "$pack/runs")" ] || fail 65 "cannot verify '$file': its runs are not those of its chain"
	[ -n "$(find "$pack/runs" -name '*.bodies' -print -quit)" ] || bodies=(--without-bodies)
	read_facts verify "$run" --runs "$pack/runs" --promotions "$pack/chain" ${base:+--after "$pack/checkpoint/checkpoint.json"} ${bodies[@]+"${bodies[@]}"}
	put_shown '%s: %s run(s) up to %s: every file is that of its manifest, in an unbroken chain\n' "$file" "${facts[runs]}" "$run"
	say_base "$file"
	say_earlier "$file"
	put_shown '%s: the chain ends at run %s, whose manifest has the SHA-256 %s\n' "$file" "$run" "${facts[sha256]}"
	[ ${#bodies[@]} -eq 0 ] || {
		put_shown '%s: not replayed: the recorded bodies are not in it\n' "$file"
		return
	}
	facts=()
	read_facts profile "$pack/runs/$run/inputs/profile.json"
	name=${facts[name]}
	[ -n "$name" ] || fail 65 "cannot verify '$file': its profile has a wrong name"
	begin_after "$name"
	replay_chain "$name" "$pack/runs" "$(runs_since "$all")" "$run"
	compare_run "$name" "$pack/runs" "$run"
}

# Nothing but files and folders, of no more bytes than the archive has; and the archive is what they give.
unpack() { # FILE
	cmp -s <(head -c 262 -- "$1" | tail -c 5) <(printf ustar) || fail 65 "cannot verify '$1': it is not a pack of $program evidence"
	if ! LC_ALL=C tar --numeric-owner -tvf "$1" 2>"$scratch/errors" >"$scratch/members" ||
		! awk -v size="$(stat -Lc %s -- "$1")" '!/^[-d]/ { exit 1 } { sum += $3 } sum > size { exit 1 }' "$scratch/members" ||
		! tar -xf "$1" -C "$scratch" --no-same-owner --no-same-permissions --one-top-level=unpacked 2>"$scratch/errors" ||
		! mv "$scratch/unpacked/envtally-evidence" "$scratch/" 2>/dev/null || [ ! -f "$scratch/envtally-evidence/chain" ] ||
		! write_pack "$scratch/envtally-evidence" | cmp -s - "$1"; then
		fail 65 "cannot verify '$1': it was changed, or is no pack: it is not the archive that its content gives"
	fi
}

check_signature() { # FILE
	local trust=(-noverify) signer
	if [ ! -e "$1.p7s" ]; then
		[ ! -v 'answers[certificate]' ] || fail 66 "cannot verify '$1': its signature '$1.p7s' is missing"
		put_shown '%s: not signed\n' "$1"
	else
		[ ! -v 'answers[certificate]' ] || trust=(-cades -CAfile "${answers[certificate]}" -partial_chain -purpose any -no_check_time)
		openssl cms -verify -binary -inform DER -in "$1.p7s" -content "$1" "${trust[@]}" -signer "$scratch/signer" -out /dev/null 2>"$scratch/errors" ||
			fail 65 "cannot verify '$1': its signature '$1.p7s' does not hold: $(openssl_reason "$scratch/errors")"
		signer=$(openssl x509 -in "$scratch/signer" -noout -subject -fingerprint -sha256 -nameopt RFC2253 | sed -E 's/^(subject|sha256 Fingerprint)=//I' | paste -sd ' ')
		put_shown '%s: signed by %s%s\n' "$1" "$signer" "$([ -v 'answers[certificate]' ] || echo ', a certificate that was not checked: --certificate FILE names the one you trust')"
	fi
	[ ! -e "$1.tsr" ] || {
		check_stamp "$1.tsr" -data "$([ -e "$1.p7s" ] && echo "$1.p7s" || echo "$1")"
		put_shown '%s: time stamp of %s\n' "$1" "$(openssl ts -reply -in "$1.tsr" -text 2>/dev/null | sed -n 's/^Time stamp: //p')"
	}
}

write_pack_readme() { # RUN
	local checkpoint='' kept=''
	# shellcheck disable=SC2016 # for the shell of whoever checks it
	[ -z "$base" ] || checkpoint="checkpoint/     the ledger after run $base: the evidence of the runs up to it is gone"$'\n' kept='[ ! -d "runs/$run" ] || '
	cat <<-END
		Evidence of run $1, made by envtally.

		chain           a line for each run, from the first to $1: name, clock, state, end, SHA-256 of its manifest
		${checkpoint}runs/RUN/       a run: inputs (profile, licence files, policy), raw (recordings of what Docusign answered, and manifest.json),
		                results, report.html, job.json
		programs        version and SHA-256 of the programs that made this archive
		SHA256SUMS      SHA-256 of every other file

		How to check it, with openssl, tar and sha256sum alone. PACK is this archive; PACK.p7s is its signature, PACK.tsr its time stamp, if it has
		them. SIGNER.pem is the certificate of the signer, or of the authority that issued it, and AUTHORITY.pem that of the time stamp's
		authority: get both from someone you trust, not from whoever gave you the archive.

		1. The signature: "CMS Verification successful" means that no byte was changed since the signer signed.

		       openssl cms -verify -binary -inform DER -in PACK.p7s -content PACK -CAfile SIGNER.pem -partial_chain -purpose any -no_check_time -out /dev/null

		2. The time stamp, of the signature: "Verification: OK". The second command prints the time. Without a signature, it is of PACK.

		       openssl ts -verify -in PACK.tsr -data PACK.p7s -CAfile AUTHORITY.pem -no_check_time
		       openssl ts -reply -in PACK.tsr -text

		3. The files, by their sums; it prints nothing if all are right.

		       tar -xf PACK
		       cd envtally-evidence
		       sha256sum --quiet --strict -c SHA256SUMS

		4. The chain: the manifests are those of the file chain. ("-" in place of a sum: an earlier version made the run.)

		       while read -r run clock state end sum; do [ "\$sum" = - ] || ${kept}echo "\$sum  runs/\$run/raw/manifest.json"; done <chain | sha256sum --quiet -c

		   Each manifest.json lists the files of its run with their SHA-256, and names the run before it with that of its manifest: the sum in
		   the line before. So the last sum in chain pins every file of every run. If the owner of the workspace gave you such a sum
		   earlier, find it there.

		5. The figures: envtally makes the runs again from their recordings, and compares the results byte for byte.

		       envtally verify PACK

		Recorded bodies (runs/RUN/raw/*.bodies) may have been left out, because they name people. The manifests have their SHA-256, and
		runs/RUN/raw/*.exchanges what was asked and the SHA-256 of each answer; step 5 needs them.
	END
}
