# SPDX-License-Identifier: GPL-2.0
# The paper's figures 2 to 5; tests/bench/paper/report has made the data.
set encoding utf8
set grid ytics
set terminal svg size 900,400 font "sans,12" background rgb "white"

set output "figure2.svg"
set style data histogram
set style histogram errorbars gap 2 lw 1
set style fill solid 0.6 border -1
set yrange [0:1.4]
set ylabel "throughput, NOGRP-equal = 1"
set xtics rotate by -30
set key outside bottom center horizontal
set multiplot layout 1,2
do for [name in "FIOlow MRlow"] {
	set title name
	plot "< grep '^".name."' figure2.dat | grep -P '\tMR\t'" using 4:5:6:xtic(2) title "MR", \
	     "< grep '^".name."' figure2.dat | grep -P '\tFIO\t'" using 4:5:6 title "FIO"
}
unset multiplot

set style data lines
set xtics norotate
set xlabel "s"
set ylabel "MiB"
set xrange [0:80]
set yrange [0:400]
do for [n = 3:5] {
	set output sprintf("figure%d.svg", n)
	left = n == 3 ? "FIOlow-NOGRP-equal" : n == 4 ? "MRlow-NOGRP-equal" : "FIOlow-GRP-1:9"
	right = n == 3 ? "FIOlow-NOGRP-SE" : n == 4 ? "MRlow-NOGRP-SE" : "MRlow-GRP-9:1"
	set multiplot layout 1,2
	do for [name in left." ".right] {
		set title name
		plot for [guest in "mr1 mr2 fio1 fio2"] name.".".guest.".dat" using 1:2 lw 2 title guest, \
		     name.".total.dat" using 1:2 lw 2 dt 2 lc rgb "black" title "reclaimed"
	}
	unset multiplot
}
