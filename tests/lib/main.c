/* SPDX-License-Identifier: GPL-2.0-only */
/* main() of a unit test; a program with its own leaves this object out. */
int test_main(int argc, char **argv);

int main(int argc, char **argv)
{
    return test_main(argc, argv);
}
