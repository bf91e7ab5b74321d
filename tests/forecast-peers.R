# What methods of R's package `forecast` (Debian: r-cran-forecast), and prophet where it is installed (r-cran-prophet), expect of the cases that forecast-bench --cases prints, a case a line on standard input:
# kind, number, origin, days that are known before it less, number of known days, these, and what came of each horizon.
# Prints for each method: kind, number, origin, method, and of each horizon what came, expected, low and high units.
#
# prophet sees days; all others weeks, of a year of 365.25 / 7. Low and high of a sum are the sums of the weeks' bounds, the widest reading.
suppressMessages(library(forecast))
year <- 365.25 / 7
methods <- list(
	arima = function(y, h) {
		fit <- auto.arima(y, xreg = fourier(y, K = 3), seasonal = FALSE)
		forecast(fit, xreg = fourier(y, K = 3, h = h), level = 80)
	},
	tbats = function(y, h) forecast(tbats(y, use.parallel = FALSE), h = h, level = 80),
	ets = function(y, h) forecast(ets(ts(as.numeric(y))), h = h, level = 80),
	stlf = function(y, h) stlf(y, h = h, level = 80))
by_day <- function(units, first, ahead) {
	set.seed(1)
	days <- data.frame(ds = as.Date(first + seq_along(units) - 1, origin = "1970-01-01"), y = units)
	model <- prophet::prophet(days, yearly.seasonality = TRUE, weekly.seasonality = TRUE, daily.seasonality = FALSE, interval.width = 0.8)
	f <- predict(model, prophet::make_future_dataframe(model, ahead, include_history = FALSE))
	list(mean = f$yhat, lower = f$yhat_lower, upper = f$yhat_upper)
}
if (requireNamespace("prophet", quietly = TRUE)) methods$prophet <- by_day
chosen <- commandArgs(TRUE)
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
	v <- as.numeric(strsplit(line, " ")[[1]])
	days <- v[5]
	units <- v[6:(5 + days)]
	came <- v[(6 + days):(8 + days)]
	weeks <- (c(28, 91, 182) + v[4]) / 7
	whole <- days %/% 7
	y <- ts(colSums(matrix(tail(units, 7 * whole), nrow = 7)), frequency = year)
	for (name in if (length(chosen)) chosen else names(methods)) {
		sums <- tryCatch({
			f <- if (name == "prophet") by_day(units, v[3] - v[4] - days, 7 * max(weeks)) else methods[[name]](y, max(weeks))
			steps <- if (name == "prophet") 7 * weeks else weeks
			sapply(steps, function(n) sapply(list(f$mean, f$lower, f$upper), function(x) sum(pmax(0, x[1:n]))))
		}, error = function(e) matrix(mean(tail(y, 52)) * weeks, nrow = 3, ncol = 3, byrow = TRUE))
		cat(v[1:3], name, sprintf("%.1f", rbind(came, sums)), "\n")
	}
}
