/*
 * The one place for each of these; Kbuild, dkms.conf and the tests are held
 * against it.
 */
#define GRPDEDUP_VERSION "0.1.0"
/*
 * Series of Linux: the oldest that is supported, the newest on which all tests
 * were run.
 */
#define GRPDEDUP_LINUX_OLDEST "6.1"
#define GRPDEDUP_LINUX_TESTED "7.3"
