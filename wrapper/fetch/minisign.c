/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/minisign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "matcher/base/text.h"

#include "matcher/base/banned.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

/* The bytes behind the base64 of each. */
#define PUBLIC_BYTES 42u     /* "Ed" id[8] key[32] */
#define SIGNATURE_BYTES 74u  /* "Ed" or "ED", id[8] signature[64] */
#define SECRET_BYTES 158u    /* "Ed" kdf[2] "B2" salt[32] ops[8] memory[8] id[8] seed[32] public[32] checksum[32] */
#define SECRET_ID 54u
#define SECRET_SEED 62u
#define SECRET_PUBLIC 94u
#define BASE64_CHARS(n) (((n) + 2) / 3 * 4)

/* ---- text ---- */

/* Exactly n bytes in the one form that base64 has for them: what was decoded is encoded again and compared. */
static bool base64_read(struct span text, unsigned char *out, size_t n)
{
	unsigned char bytes[BASE64_CHARS(SECRET_BYTES)], again[BASE64_CHARS(SECRET_BYTES) + 1];
	size_t chars = BASE64_CHARS(n);
	bool good;

	if (text.n != chars || chars > sizeof(bytes))
		return false;
	good = EVP_DecodeBlock(bytes, (const unsigned char *)text.p, (int)chars) == (int)(chars / 4 * 3) &&
	       EVP_EncodeBlock(again, bytes, (int)n) == (int)chars && CRYPTO_memcmp(again, text.p, chars) == 0;
	if (good)
		memcpy(out, bytes, n);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	OPENSSL_cleanse(again, sizeof(again));
	return good;
}

static void base64_write(struct buf *out, const unsigned char *bytes, size_t n)
{
	unsigned char text[BASE64_CHARS(SECRET_BYTES) + 1];

	EVP_EncodeBlock(text, bytes, (int)n);
	buf_text(out, (const char *)text);
	buf_byte(out, '\n');
	OPENSSL_cleanse(text, sizeof(text));
}

static struct span line_take(struct span *rest)
{
	struct span line = span_split(rest, '\n');

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

const char *minisign_id_text(const unsigned char id[8], char out[MINISIGN_ID_TEXT])
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < 8; i++) {
		out[2 * i] = digits[id[7 - i] >> 4];
		out[2 * i + 1] = digits[id[7 - i] & 15];
	}
	out[16] = 0;
	return out;
}

const char *minisign_comment_fault(struct span comment)
{
	if (comment.n > MINISIGN_COMMENT_MAX)
		return "the trusted comment is too long";
	if (text_valid(comment) != comment.n)
		return "the trusted comment is not UTF-8";
	for (size_t i = 0; i < comment.n; i++)
		if (((unsigned char)comment.p[i] < 0x20 && comment.p[i] != '\t') || comment.p[i] == 0x7f)
			return "the trusted comment holds a control character";
	return NULL;
}

/* ---- reading ---- */

/* A file's one line of base64, behind its comment or alone; more is not in it. */
static const char *key_line(struct span text, struct span *out, const char *fault)
{
	struct span rest = text, line = line_take(&rest);

	if (span_starts(line, SPAN(UNTRUSTED)))
		line = line_take(&rest);
	*out = line;
	return span_trim(rest).n ? fault : NULL;
}

const char *minisign_public_read(struct span text, struct minisign_public *out)
{
	static const char fault[] = "the public key is none: expected minisign's file of two lines, or the second of them";
	unsigned char bytes[PUBLIC_BYTES];
	struct span line;

	if (key_line(text, &line, fault) || !base64_read(line, bytes, sizeof(bytes)))
		return fault;
	if (memcmp(bytes, "Ed", 2) != 0)
		return "the public key is of another algorithm than Ed25519";
	memcpy(out->id, bytes + 2, sizeof(out->id));
	memcpy(out->key, bytes + 10, sizeof(out->key));
	return NULL;
}

static const char *secret_take(const unsigned char bytes[SECRET_BYTES], struct minisign_secret *out)
{
	if (memcmp(bytes, "Ed", 2) != 0)
		return "the secret key is of another algorithm than Ed25519";
	if (bytes[2] || bytes[3])
		return "the secret key is encrypted; take the password away with minisign -C -W";
	memcpy(out->id, bytes + SECRET_ID, sizeof(out->id));
	memcpy(out->seed, bytes + SECRET_SEED, sizeof(out->seed));
	if (!minisign_derive(out->seed, out->public) || CRYPTO_memcmp(out->public, bytes + SECRET_PUBLIC, sizeof(out->public)) != 0)
		return "the secret key is damaged: its halves do not belong to each other";
	return NULL;
}

const char *minisign_secret_read(struct span text, struct minisign_secret *out)
{
	static const char fault[] = "the secret key is none: expected the file of two lines that minisign -G -W or pipgate key new makes";
	unsigned char bytes[SECRET_BYTES];
	struct span line;
	const char *wrong = fault;

	if (!key_line(text, &line, fault) && base64_read(line, bytes, sizeof(bytes)))
		wrong = secret_take(bytes, out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return wrong;
}

const char *minisign_signature_read(struct span text, struct minisign_signature *out)
{
	unsigned char bytes[SIGNATURE_BYTES];
	struct span rest = text, untrusted = line_take(&rest), line = line_take(&rest), comment = line_take(&rest), global = line_take(&rest);

	if (!span_starts(untrusted, SPAN(UNTRUSTED)))
		return "the signature is none: it does not begin with an untrusted comment";
	if (!base64_read(line, bytes, sizeof(bytes)))
		return "the signature is cut or damaged: its second line is not one of 74 bytes in base64";
	if (!span_starts(comment, SPAN(TRUSTED)))
		return "the signature is cut or damaged: its third line is no trusted comment";
	if (!base64_read(global, out->of_comment, sizeof(out->of_comment)))
		return "the signature is cut or damaged: its fourth line is not one of 64 bytes in base64";
	if (span_trim(rest).n)
		return "the signature has something behind its four lines";
	out->hashed = memcmp(bytes, "ED", 2) == 0;
	if (!out->hashed && memcmp(bytes, "Ed", 2) != 0)
		return "the signature is of another algorithm than Ed25519";
	memcpy(out->id, bytes + 2, sizeof(out->id));
	memcpy(out->of_bytes, bytes + 10, sizeof(out->of_bytes));
	out->comment = span_from(comment, sizeof(TRUSTED) - 1);
	return minisign_comment_fault(out->comment);
}

/* ---- writing ---- */

void minisign_public_write(struct buf *out, const struct minisign_public *key)
{
	unsigned char bytes[PUBLIC_BYTES] = {'E', 'd'};
	char id[MINISIGN_ID_TEXT];

	memcpy(bytes + 2, key->id, sizeof(key->id));
	memcpy(bytes + 10, key->key, sizeof(key->key));
	buf_format(out, UNTRUSTED "minisign public key %s\n", minisign_id_text(key->id, id));
	base64_write(out, bytes, sizeof(bytes));
}

/* As minisign -W: no key derivation, and no checksum either, which it does not look at then. */
void minisign_secret_write(struct buf *out, const struct minisign_secret *key)
{
	unsigned char bytes[SECRET_BYTES] = {'E', 'd', 0, 0, 'B', '2'};

	memcpy(bytes + SECRET_ID, key->id, sizeof(key->id));
	memcpy(bytes + SECRET_SEED, key->seed, sizeof(key->seed));
	memcpy(bytes + SECRET_PUBLIC, key->public, sizeof(key->public));
	buf_text(out, UNTRUSTED "minisign secret key, not encrypted\n");
	base64_write(out, bytes, sizeof(bytes));
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

void minisign_signature_write(struct buf *out, const struct minisign_signature *signature)
{
	unsigned char bytes[SIGNATURE_BYTES] = {'E', signature->hashed ? 'D' : 'd'};
	char id[MINISIGN_ID_TEXT];

	memcpy(bytes + 2, signature->id, sizeof(signature->id));
	memcpy(bytes + 10, signature->of_bytes, sizeof(signature->of_bytes));
	buf_format(out, UNTRUSTED "signature of key %s\n", minisign_id_text(signature->id, id));
	base64_write(out, bytes, sizeof(bytes));
	buf_text(out, TRUSTED);
	buf_span(out, signature->comment);
	buf_byte(out, '\n');
	base64_write(out, signature->of_comment, sizeof(signature->of_comment));
}

/* ---- Ed25519 ---- */

bool minisign_derive(const unsigned char seed[32], unsigned char public[32])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	size_t n = 32;
	bool good = key && EVP_PKEY_get_raw_public_key(key, public, &n) == 1 && n == 32;

	EVP_PKEY_free(key);
	return good;
}

bool minisign_make(const unsigned char seed[32], struct span message, unsigned char out[MINISIGN_SIGNATURE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t n = MINISIGN_SIGNATURE;
	bool good = key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestSign(context, out, &n, (const unsigned char *)message.p, message.n) == 1 && n == MINISIGN_SIGNATURE;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

bool minisign_holds(const unsigned char public[32], struct span message, const unsigned char signature[MINISIGN_SIGNATURE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(context, signature, MINISIGN_SIGNATURE, (const unsigned char *)message.p, message.n) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

struct span minisign_global(const struct minisign_signature *signature, char room[MINISIGN_SIGNATURE + MINISIGN_COMMENT_MAX])
{
	memcpy(room, signature->of_bytes, MINISIGN_SIGNATURE);
	if (signature->comment.n)
		memcpy(room + MINISIGN_SIGNATURE, signature->comment.p, signature->comment.n);
	return (struct span){room, MINISIGN_SIGNATURE + signature->comment.n};
}
