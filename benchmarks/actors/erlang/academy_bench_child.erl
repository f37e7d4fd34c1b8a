%% A child that says when it is up, and crashes when it is told to. A module of its own, since a callback module of a
%% supervisor and one of a gen_server both have an init/1.
-module(academy_bench_child).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).

init(N) ->
    academy_driver ! {up, self()},
    {ok, N}.

handle_call(_, _, N) -> {reply, N, N}.

handle_cast(crash, _) -> exit(crashed).
