#!/usr/bin/perl
# The forecast by the formulas of lib/forecast/*.h, written apart from the program, without its shortcuts: whole vectors and matrices, the C
# library's functions. Reads units by day, one a line; prints expected, low and high units of all days ahead.
#
#   forecast-reference.pl FIRST-DAY DAYS-AHEAD <units        FIRST-DAY: days since 1970-01-01
use strict;
use warnings;
use POSIX qw(floor);

my ($first_day, $ahead) = @ARGV;
my @units = map { $_ + 0 } <STDIN>;
my $pi = atan2(0, -1);

sub median { my @v = sort { $a <=> $b } @_; return (($v[$#v / 2]) + $v[@v / 2]) / 2 }
sub sum { my $s = 0; $s += $_ for @_; return $s }
sub least { $_[0] < $_[1] ? $_[0] : $_[1] }
sub most { $_[0] > $_[1] ? $_[0] : $_[1] }

# One-off sends.
my (@excess, @usual, $one_offs, $squares);
for my $d (0 .. $#units) {
	my @weekday = map { $units[$d + 7 * $_] } grep { $_ && $d + 7 * $_ >= 0 && $d + 7 * $_ <= $#units } -8 .. 8;
	$excess[$d] = 0;
	next if @weekday < 4;
	my $m = median(@weekday);
	my $x = $units[$d] - $m;
	$excess[$d] = $x if $x > 8 && $x > 6 * 1.4826 * median(map { abs($_ - $m) } @weekday)
		&& $x > 2 * median(@units[most(0, $d - 28) .. least($#units, $d + 28)]);
}
($one_offs, $squares) = (0, 0);
for my $d (0 .. $#units) {
	my $x = $excess[$d];
	$x = 0 if (grep { $excess[$_] > 0 } most(0, $d - 7) .. least($#units, $d + 7)) > 3;
	push @usual, $units[$d] - $x;
	$one_offs += $x;
	$squares += $x ** 2;
}

# Weeks, and weekdays.
my $n = floor(@usual / 7);
my @weeks = map { my $w = $_; sum(@usual[@usual - 7 * ($n - $w) .. @usual - 7 * ($n - $w) + 6]) } 0 .. $n - 1;
my $count = least($n, 26);
my @factor = map { my $i = $_; sum(map { $usual[@usual - 7 * $_ + $i] } 1 .. $count) } 0 .. 6;
my $all = sum(@factor);
@factor = map { $count < 2 ? 1 : 7 * $_ / $all } @factor;

# F of the week that is `k` weeks after the last known one (k = 1: the next).
sub design {
	my $day = $first_day + @usual + 7 * ($_[0] - 1);
	my $turn = 2 * $pi * ($day + 3.5) / 365.25;
	my @f = (1, 0, map({ (sin($_ * $turn), cos($_ * $turn)) } 1 .. 3), (0) x (4 + 24));
	for my $d (map { $day + $_ } 0 .. 6) {
		my $of_year = ($d / 365.25 - floor($d / 365.25)) * 365.25;
		my $of_quarter = $of_year - 91.3 * floor($of_year / 91.3);
		$f[8] += 1 / 7 if $of_year >= 195 && $of_year < 243;
		$f[9] += 1 / 7 if $of_year >= 334 && $of_year < 357;
		$f[10] += 1 / 7 if $of_year >= 357;
		$f[11] += 1 / 7 if $of_year < 340 && $of_quarter >= 84.5 && $of_quarter < 90.5;
		my $at = (($d + 0.5) / 365.25 - floor(($d + 0.5) / 365.25)) * 24;
		$f[12 + floor($at)] += (1 - ($at - floor($at))) / 7;
		$f[12 + (floor($at) + 1) % 24] += ($at - floor($at)) / 7;
	}
	return \@f;
}

sub new_model {
	my ($alpha, $w, $season) = @_;
	my $scale = $season == 0 ? 0.15 : 1;
	my @variance = (1, 0.006 ** 2, map({ ($scale * $_) ** 2 } 0.2, 0.2, 0.1, 0.1, 0.06, 0.06), 0.01, 0.16, 0.64, 0.16,
		$season == 2 ? (0.21 ** 2) x 24 : ());
	my $guess = sum(@weeks[0 .. least(5, $n - 1)]) / least(6, $n);
	my $c = [map { my $i = $_; [map { $_ == $i ? $variance[$i] : 0 } 0 .. $#variance] } 0 .. $#variance];
	return {alpha => $alpha, w => $w, m => [log(most($guess, 0.2)), (0) x 9, -0.4, (0) x (@variance - 11)], c => $c, l => 0, z => 0};
}

# θ ← Gθ, C ← GCG' + W.
sub evolve {
	my ($o, $with_sum) = @_;
	my ($m, $c) = @$o{qw(m c)};
	for ($m, $with_sum ? $with_sum : ()) { $_->[1] *= 0.985; $_->[0] += $_->[1] }
	for my $row (0 .. $#$m) { $c->[$row][1] *= 0.985; $c->[$row][0] += $c->[$row][1] }
	for my $column (0 .. $#$m) { $c->[1][$column] *= 0.985; $c->[0][$column] += $c->[1][$column] }
	$c->[0][0] += $o->{w};
	$c->[1][1] += 0.006 ** 2 * (1 - 0.985 ** 2);
}

sub dot { my ($a, $b) = @_; my $s = 0; $s += $a->[$_] * $b->[$_] for 0 .. $#$b; return $s }

sub learn {
	my ($o, $f, $y) = @_;
	evolve($o);
	my @cf = map { dot($f, $_) } @{$o->{c}};
	my ($q, $mu) = (dot($f, \@cf), exp(dot($f, $o->{m})));
	my $phi = 1 + $o->{alpha} * $mu;
	my $v = $phi * $mu + $q * $mu ** 2;
	my $z = ($y - $mu) / sqrt($v);
	my $cap = 3 * (1 + 1 / sqrt($mu + 0.1));
	$o->{l} -= 0.5 * (log($v) + least($z ** 2, $cap ** 2));
	if (abs($z) > 1.8 && abs($o->{z}) > 1.8 && $z * $o->{z} > 0) {
		$o->{c}[0][0] += 0.02;
		@cf = map { dot($f, $_) } @{$o->{c}};
		$q = dot($f, \@cf);
		$v = $phi * $mu + $q * $mu ** 2;
	}
	$o->{z} = $z;
	$y = most(0, most($mu - 3 * sqrt($v), least($y, $mu + $cap * sqrt($v))));
	my $g = log((1 + $q * $y / $phi) / (1 + $q * $mu / $phi));
	my $new_q = $q / (1 + $q * $mu / $phi);
	for my $i (0 .. $#cf) {
		$o->{m}[$i] += $cf[$i] * $g / $q;
		$o->{c}[$i][$_] -= $cf[$i] * $cf[$_] * (1 - $new_q / $q) / $q for 0 .. $#cf;
	}
}

# Mean and variance of the sums of 1, 2 … weeks from week k on; the model is copied.
sub look_ahead {
	my ($o, $k, $weeks) = @_;
	my %copy = (%$o, m => [@{$o->{m}}], c => [map { [@$_] } @{$o->{c}}]);
	my (@with_sum, @sums) = (0) x @{$o->{m}};
	@with_sum = (0) x @{$o->{m}};
	@sums = ();
	my ($mean, $variance, $own) = (0, 0, 0);
	for my $week ($k .. $k + $weeks - 1) {
		evolve(\%copy, \@with_sum);
		my $f = design($week);
		my @cf = map { dot($f, $_) } @{$copy{c}};
		my $mu = exp(dot($f, $copy{m}));
		$variance += 2 * $mu * dot($f, \@with_sum) + $mu ** 2 * dot($f, \@cf);
		$with_sum[$_] += $mu * $cf[$_] for 0 .. $#cf;
		$mean += $mu;
		$own += $mu * (1 + $o->{alpha} * $mu);
		push @sums, [$mean, $variance + $own];
	}
	return @sums;
}

my $weeks_ahead = floor(($ahead + 6) / 7);
my $tests = least(12, most(0, floor(($n - 26) / 4)));
my (@members, @test_members);
for my $alpha (0.004, 0.03, 0.2, 1) {
	for my $w (0.0001, 0.0015, 0.03) {
		for my $season (0 .. 2) {
			my $o = new_model($alpha, $w, $season);
			for my $k (0 .. $n - 1) {
				my $left = $n - $k;
				push @{$test_members[$left / 4]}, {l => $o->{l}, sums => [look_ahead($o, $k - $n + 1, $left % 12 ? 4 : 12)]}
					if $left % 4 == 0 && $left / 4 <= $tests;
				learn($o, design($k - $n + 1), $weeks[$k]);
				$o->{l} = 0 if $k + 1 == ($n > 16 ? 8 : 1);
			}
			push @members, {l => $o->{l}, sums => [look_ahead($o, 1, $weeks_ahead)]};
		}
	}
}

sub average {
	my ($week, @of) = @_;
	my $best = (sort { $b <=> $a } map { $_->{l} } @of)[0];
	my ($weight, $mean, $square) = (0, 0, 0);
	for (@of) {
		my ($w, $s) = (exp(0.5 * ($_->{l} - $best)), $_->{sums}[$week - 1]);
		$weight += $w;
		$mean += $w * $s->[0];
		$square += $w * ($s->[1] + $s->[0] ** 2);
	}
	return ($mean / $weight, $square / $weight - ($mean / $weight) ** 2);
}

my %scale;
for my $weeks (4, 12) {
	my ($z, $made) = (0, 0);
	for my $at (grep { 4 * $_ % $weeks == 0 } 1 .. $tests) {
		my ($mean, $variance) = average($weeks, @{$test_members[$at]});
		my $r = $variance / $mean ** 2;
		my $came = sum(@weeks[$n - 4 * $at .. $n - 4 * $at + $weeks - 1]);
		$z += least(4, ((($came + 0.01) / ($mean + 0.01)) ** (1 / 3) - 1) ** 2 / ($r / 9));
		$made++;
	}
	$scale{$weeks} = (4 + $z) / (4 + $made);
}

sub way { my ($w, $a, $b) = @_; return $w <= $a ? 0 : least(1, log($w / $a) / log($b / $a)) }

# Each day; cumulative use does not fall.
my @bounds = (0, 0, 0);
for my $day (1 .. $ahead) {
	my $week = floor(($day - 1) / 7);
	my ($mean, $variance) = $week ? average($week, @members) : (0, 0);
	my ($next, $next_variance) = average($week + 1, @members);
	my $share = sum(@factor[0 .. ($day - 1) % 7]) / 7;
	$mean += $share * ($next - $mean);
	$variance += $share * ($next_variance - $variance);
	my $long = way($day / 7, 4, 12);
	$variance *= ($scale{4} * (1 - $long) + $scale{12} * $long) * (1 - 0.15 * way($day / 7, 12, 26));
	$variance += $day * $squares / @usual * (1 + $day / @usual);
	$mean += $day * $one_offs / @usual;
	my $r = least(1.1, $variance / $mean ** 2);
	my $t = (exp(2 * $r) - 1) / 2;
	my @now = map { $mean * most(0, 1 - ($t - $r / 2) / 9 + $_ * sqrt($t) / 3) ** 3 } 0, -1.2816, 1.2816;
	@bounds = map { most($bounds[$_], $now[$_]) } 0 .. 2;
}
print join(' ', map { sprintf '%.3f', $_ } @bounds), "\n";
