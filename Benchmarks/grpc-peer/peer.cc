// The same call as the typed one of rpc-benchmark, made by gRPC C++ with its callback interface on
// both sides: one process answers, another asks, over TCP.
//
// usage: grpc-peer serve                              prints its address, answers until it is ended
//        grpc-peer call <address> <in flight> <payload bytes> <seconds>    prints calls a second
#include <grpcpp/grpcpp.h>
#include <sys/prctl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

#include "tidemark/v1/ingest.grpc.pb.h"

namespace {

using tidemark::v1::GetCustomerRequest;
using tidemark::v1::GetCustomerResponse;
using tidemark::v1::Ingest;

constexpr double warm_up_seconds = 0.1;
constexpr auto deadline = std::chrono::seconds(10);

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Gives the text of a request back as the name of a customer.
class Echo final : public Ingest::CallbackService {
  grpc::ServerUnaryReactor* GetCustomer(
      grpc::CallbackServerContext* context, const GetCustomerRequest* request,
      GetCustomerResponse* response) override {
    response->mutable_customer()->set_name(request->customer());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int serve() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Echo service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server->Wait();
  return 0;
}

// So many calls at once, each begun in the callback that ended the one before.
class Caller {
 public:
  Caller(const std::string& address, int in_flight, int payload_bytes, double seconds)
      : stub_(Ingest::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))),
        begins_(now() + warm_up_seconds),
        ends_(begins_ + seconds),
        seconds_(seconds),
        live_(in_flight) {
    request_.set_customer(std::string(payload_bytes, 'x'));
  }

  // Calls a second; below zero when a call failed.
  double run() {
    const int in_flight = live_;
    for (int index = 0; index < in_flight; index++) begin();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return live_ == 0; });
    return failed_ ? -1 : static_cast<double>(calls_) / seconds_;
  }

 private:
  struct Call {
    grpc::ClientContext context;
    GetCustomerResponse response;
  };

  void begin() {
    auto* call = new Call;
    call->context.set_deadline(std::chrono::system_clock::now() + deadline);
    stub_->async()->GetCustomer(
        &call->context, &request_, &call->response, [this, call](grpc::Status status) {
          const bool is_right = status.ok() && call->response.customer().name().size() ==
                                                   request_.customer().size();
          delete call;
          end(is_right);
        });
  }

  void end(bool is_right) {
    const double moment = now();
    if (!is_right) failed_ = true;
    if (is_right && moment < ends_) {
      if (moment >= begins_) calls_++;
      begin();
      return;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    live_--;
    done_.notify_one();
  }

  std::unique_ptr<Ingest::Stub> stub_;
  GetCustomerRequest request_;
  const double begins_;
  const double ends_;
  const double seconds_;
  std::atomic<long> calls_{0};
  std::atomic<bool> failed_{false};
  int live_;
  std::mutex mutex_;
  std::condition_variable done_;
};

}  // namespace

int main(int count, char** words) {
  if (count == 2 && std::strcmp(words[1], "serve") == 0) return serve();
  if (count != 6 || std::strcmp(words[1], "call") != 0) {
    std::fprintf(stderr, "usage: grpc-peer serve | call ADDRESS IN_FLIGHT BYTES SECONDS\n");
    return 2;
  }
  Caller caller(words[2], std::atoi(words[3]), std::atoi(words[4]), std::atof(words[5]));
  const double rate = caller.run();
  if (rate < 0) return 1;
  std::printf("%.0f\n", rate);
  return 0;
}
