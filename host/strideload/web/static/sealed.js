// Decrypts the page that lies in this file, and puts it in this one's place.
"use strict";

(() => {
  const form = document.getElementById("open");
  const problem = document.getElementById("problem");

  async function opened(passphrase, { sealed, iterations }) {
    const bytes = Uint8Array.from(atob(sealed), (character) => character.charCodeAt(0));
    const known = new TextEncoder().encode(passphrase.normalize("NFKC"));
    const secret = await crypto.subtle.importKey("raw", known, "PBKDF2", false, ["deriveKey"]);
    const derivation = { name: "PBKDF2", hash: "SHA-256", salt: bytes.slice(0, 16), iterations: Number(iterations) };
    const key = await crypto.subtle.deriveKey(derivation, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const page = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(16, 28) }, key, bytes.slice(28));
    return new TextDecoder().decode(page);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "Opening it takes a moment.";
    try {
      const page = await opened(document.getElementById("passphrase").value, form.dataset);
      document.open();
      document.write(page);
      document.close();
    } catch {
      problem.textContent = "This passphrase does not open it, or the file was changed.";
    }
  });
})();
