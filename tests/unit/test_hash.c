// SPDX-License-Identifier: GPL-2.0
/* The digest: published vectors, and what a digest has to tell apart. */
#include <string.h>

#include "../../module/hash.h"
#include "test.h"

#define PAGE	4096
#define PRIME_32	2654435761U

/* What xxHash publishes for its sanity buffer: a prefix, a seed, the hash. */
static const struct {
	size_t	length;
	u64	seed;
	u64	hash;
} sanity_vectors[] = {
	{   0,        0, 0xEF46DB3751D8E999 },
	{   0, PRIME_32, 0xAC75FDA2929B17EF },
	{   1,        0, 0xE934A84ADB052768 },
	{   1, PRIME_32, 0x5014607643A9B4C3 },
	{   4,        0, 0x9136A0DCA57457EE },
	{  14,        0, 0x8282DCC4994E35C8 },
	{  14, PRIME_32, 0xC3BD6BF63DEB6DF0 },
	{ 222,        0, 0xB641AE8CB691C174 },
	{ 222, PRIME_32, 0x20CB8AB7AE10C14A },
};

static const struct {
	const char	*text;
	u64		hash;
} text_vectors[] = {
	{ "a", 0xD24EC4F1A98C6E5B },
	{ "abc", 0x44BC2CF5AD770999 },
	{ "Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1 },
};

static u8 page[PAGE];

static void fill(u8 *data, size_t length)
{
	u64 value = PRIME_32;
	size_t i;

	for (i = 0; i < length; i++) {
		data[i] = value >> 56;
		value *= 0x9E3779B185EBCA8DULL;
	}
}

static void published_vectors(void)
{
	size_t i;

	fill(page, PAGE);
	for (i = 0; i < sizeof(sanity_vectors) / sizeof(*sanity_vectors); i++) {
		test_note("sanity vector %zu", i);
		EXPECT(xxh64(page, sanity_vectors[i].length,
			     sanity_vectors[i].seed) == sanity_vectors[i].hash);
	}

	for (i = 0; i < sizeof(text_vectors) / sizeof(*text_vectors); i++) {
		const char *text = text_vectors[i].text;

		test_note("\"%s\"", text);
		EXPECT(xxh64(text, strlen(text), 0) == text_vectors[i].hash);
	}
}

static void digest_fits_a_node(void)
{
	struct gd_tree_node node;
	u64 digest;

	fill(page, PAGE);
	digest = gd_hash(page, 222, 0);
	EXPECT(digest == 0xB641AE8CB691C174 >> GD_TAG_BITS);

	node.word = digest << GD_TAG_BITS | GD_TAG_MASK;
	EXPECT(gd_tree_digest(&node) == digest);
}

static void seed_changes_digest(void)
{
	u64 seed;

	memset(page, 0, PAGE);
	for (seed = 1; seed < 1000; seed++)
		EXPECT(gd_hash(page, PAGE, seed) != gd_hash(page, PAGE, 0));
	EXPECT(gd_hash(page, PAGE, 1ULL << 63) != gd_hash(page, PAGE, 0));
}

static void every_bit_of_a_page_counts(void)
{
	u64 digest;
	unsigned int bit;

	fill(page, PAGE);
	digest = gd_hash(page, PAGE, 1);
	for (bit = 0; bit < PAGE * 8; bit++) {
		test_note("bit %u", bit);
		page[bit / 8] ^= 1 << bit % 8;
		EXPECT(gd_hash(page, PAGE, 1) != digest);
		page[bit / 8] ^= 1 << bit % 8;
	}
	EXPECT(gd_hash(page, PAGE, 1) == digest);
}

static void unaligned_data(void)
{
	u8 aligned[256], shifted[264];
	unsigned int offset;

	fill(aligned, sizeof(aligned));
	for (offset = 0; offset < 8; offset++) {
		memcpy(shifted + offset, aligned, sizeof(aligned));
		EXPECT(gd_hash(shifted + offset, sizeof(aligned), 0) ==
		       gd_hash(aligned, sizeof(aligned), 0));
	}
}

static const struct test tests[] = {
	TEST(published_vectors),
	TEST(digest_fits_a_node),
	TEST(seed_changes_digest),
	TEST(every_bit_of_a_page_counts),
	TEST(unaligned_data),
};

TEST_MAIN(tests)
