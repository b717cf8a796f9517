// Keeps all files of this version, so that the page works without a network once it has been loaded.
const KEPT = "autograd-$version";
const FILES = $files;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then((names) =>
      Promise.all(names.filter((name) => name.startsWith("autograd-") && name !== KEPT).map((name) => caches.delete(name))),
    ),
  );
});

self.addEventListener("message", () => self.skipWaiting());

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith(
    caches.open(KEPT).then((kept) => kept.match(event.request, { ignoreSearch: true })).then((found) => found ?? fetch(event.request)),
  );
});
