// Downloads at the speed of the machine: `download serve FILE` sends FILE by sendfile to whoever asks for anything, and prints its port;
// `download read PORT CLIENTS SECONDS REQUEST` asks again and again over so many connections and prints how many bytes came.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr size_t kPiece = 1 << 20;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Sending {
  std::string head;
  off_t at = 0;
  bool under_way = false;
};

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Whether all of it is out.
bool Push(int socket, Sending& sending, int file, off_t size) {
  while (!sending.head.empty()) {
    const ssize_t sent = send(socket, sending.head.data(), sending.head.size(), MSG_MORE | MSG_NOSIGNAL);
    if (sent <= 0) return false;
    sending.head.erase(0, static_cast<size_t>(sent));
  }
  while (sending.at < size) {
    if (sendfile(socket, file, &sending.at, kPiece) <= 0) return false;
  }
  return true;
}

int Serve(const char* path) {
  const int file = open(path, O_RDONLY);
  struct stat facts {};
  if (file < 0 || fstat(file, &facts) != 0) Die(path);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener, 64) != 0) Die("listen");
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  std::printf("{\"port\":%d}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  const int poller = epoll_create1(0);
  epoll_event wanted{.events = EPOLLIN, .data = {.fd = listener}};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &wanted);
  std::unordered_map<int, Sending> clients;
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(facts.st_size) + "\r\n\r\n";
  std::vector<epoll_event> events(64);
  for (;;) {
    const int count = epoll_wait(poller, events.data(), 64, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        epoll_event both{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.fd = client}};
        epoll_ctl(poller, EPOLL_CTL_ADD, client, &both);
        clients[client];
        continue;
      }
      Sending& sending = clients[fd];
      char request[4096];
      ssize_t got = 0;
      while ((got = recv(fd, request, sizeof(request), 0)) > 0) sending = {head, 0, true};
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(fd);
        clients.erase(fd);
        continue;
      }
      if (sending.under_way && Push(fd, sending, file, facts.st_size)) sending.under_way = false;
    }
  }
}

struct Reading {
  int fd = -1;
  std::string head;
  uint64_t left = 0;
};

void Ask(Reading& one, const std::string& request) {
  one.head.clear();
  if (send(one.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) Die("ask");
}

/// Reads head bytes until the length is known; what follows in the same piece counts. Answers body bytes of the piece.
uint64_t TakeHead(Reading& one, const char* bytes, size_t count) {
  one.head.append(bytes, count);
  const size_t end = one.head.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  const char* length = strcasestr(one.head.c_str(), "content-length:");
  const bool good = one.head.compare(9, 3, "200") == 0 || one.head.compare(9, 3, "206") == 0;
  if (length == nullptr || !good) {
    std::fprintf(stderr, "%s\n", one.head.c_str());
    std::exit(1);
  }
  const uint64_t body = one.head.size() - end - 4;
  one.left = std::strtoull(length + 15, nullptr, 10) - body;
  return body;
}

int Read(uint16_t port, int clients, double seconds, const std::string& request) {
  std::vector<Reading> all(static_cast<size_t>(clients));
  std::vector<pollfd> polled;
  for (Reading& one : all) {
    one.fd = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(port);
    if (connect(one.fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) Die("connect");
    const int on = 1;
    setsockopt(one.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Ask(one, request);
    polled.push_back({one.fd, POLLIN, 0});
  }
  std::vector<char> buffer(kPiece);
  uint64_t bytes = 0;
  uint64_t answers = 0;
  const auto began = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  while (elapsed() < seconds) {
    if (poll(polled.data(), polled.size(), 1000) <= 0) break;
    for (size_t i = 0; i < all.size(); ++i) {
      if ((polled[i].revents & (POLLIN | POLLHUP)) == 0) continue;
      Reading& one = all[i];
      const bool in_head = one.left == 0;
      // Of the body not even a copy: the reader shall not be what is measured.
      const ssize_t got = recv(one.fd, buffer.data(), in_head ? 4096 : std::min<uint64_t>(kPiece, one.left),
                               MSG_DONTWAIT | (in_head ? 0 : MSG_TRUNC));
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) Die("the server has gone");
      const auto count = static_cast<uint64_t>(got);
      if (!in_head) one.left -= count;
      bytes += in_head ? TakeHead(one, buffer.data(), count) : count;
      if (one.left == 0 && one.head.find("\r\n\r\n") != std::string::npos) {
        answers += 1;
        Ask(one, request);
      }
    }
  }
  std::printf("{\"bytes\":%llu,\"answers\":%llu,\"seconds\":%.6f}\n", static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(answers), elapsed());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc == 3 && std::string(argv[1]) == "serve") return Serve(argv[2]);
  if (argc == 6 && std::string(argv[1]) == "read") {
    return Read(static_cast<uint16_t>(std::atoi(argv[2])), std::atoi(argv[3]), std::atof(argv[4]), argv[5]);
  }
  std::fprintf(stderr, "download serve FILE | download read PORT CLIENTS SECONDS REQUEST\n");
  return 64;
}
