/*
 * exact_math.h: exponential, logarithm, sine and cosine that give the same bits on every machine.
 *
 * The C library's differ in the last bit from one release to the next. These are +, −, × and ÷ on doubles, which IEEE 754 defines to the
 * bit, in a fixed order, and ldexp and frexp, which are exact; the Makefile has compilers not contract products and sums. They are
 * within some units of the last of 53 bits.
 */
#ifndef ENVTALLY_EXACT_MATH_H
#define ENVTALLY_EXACT_MATH_H

double exact_exp(double x); /* of at most 700; 0 below -700 */
double exact_log(double x); /* of a normal number above 0 */
double exact_cube_root(double x); /* of 0 or more */

/* Sine and cosine of a part of a full turn, from 0 to 1. */
void exact_turn(double part, double *sine, double *cosine);

#endif
