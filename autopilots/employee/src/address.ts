// When are two spellings of an e-mail address one? Where case differs, and where a domain's letters are composed otherwise
// or written in ASCII (`xn--…`). What stands after a plus makes another address: only its mail server knows whether it
// is another mailbox.

/** The address in the form in which equal ones are equal; what is no address, in lower case. */
export function addressKey(address: string): string {
  const at = address.lastIndexOf("@");
  const local = address.slice(0, Math.max(at, 0)).normalize("NFC").toLowerCase();
  const domain = address.slice(at + 1).trim();
  const host = at < 0 ? undefined : URL.parse(`http://${domain}`)?.hostname;
  return host ? `${local}@${host}` : address.normalize("NFC").toLowerCase();
}
