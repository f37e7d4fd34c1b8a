%% The work of the actor benchmarks as an Erlang programmer would write it for speed: bare processes with a receive
%% loop, started by spawn, messages as tuples, a binary literal as text; a supervisor of stdlib with gen_servers where
%% restarts are counted. Prints one JSON object and ends.
%%
%%   erl -noshell -noinput +S 1:1 -pa FOLDER -run academy_bench main WORK COUNT
-module(academy_bench).
-behaviour(supervisor).
-export([main/1, init/1, start_child/1]).

-define(WIDTH, 1000).
-define(CHILDREN, 100).
-define(POINTS, 5).

main([Work, CountText]) ->
    Count = list_to_integer(CountText),
    try work(Work, Count) of
        {Units, Micros, CpuMs, Value, Fault} -> answer(Units, Micros, CpuMs, Value, Fault)
    catch
        Class:Reason -> answer(0, 1, 0, null, io_lib:format("~p: ~p", [Class, Reason]))
    end,
    erlang:halt(0, [{flush, true}]).

answer(Units, Micros, CpuMs, Value, Fault) ->
    io:format("{\"count\":~B,\"seconds\":~.9f,\"cpuSeconds\":~.3f,\"value\":~s,\"fault\":~s}~n",
              [Units, Micros / 1.0e6, CpuMs / 1000, number(Value), text(Fault)]).

number(null) -> "null";
number(Value) -> io_lib:format("~.3f", [float(Value)]).

text(null) -> "null";
text(Text) -> ["\"", [C || C <- lists:flatten(Text), C >= $\s, C =/= $", C =/= $\\], "\""].

work("version", _) ->
    {1, 1, 0, list_to_integer(erlang:system_info(otp_release)), null};

%% Starts listeners.
work("spawn", Count) ->
    _ = listeners(Count div 5 + 1),
    timed(Count, fun() -> listeners(Count) end,
          fun(Started) -> expect("processes", alive(Started), Count) end);

%% Resident memory per idle listener: the slope over several numbers of them.
work("idle", Count) ->
    Step = Count div ?POINTS,
    _ = listeners(Step),
    {Micros, CpuMs, {Points, All}} = clocked(fun() -> grow(?POINTS, Step, Step, [], []) end),
    {Count, Micros, CpuMs, slope(Points), expect("processes", alive(All), ?POINTS * Step)};

%% Two processes, one message at a time.
work("pingPong", Count) ->
    play(Count, fun(Fun, _) -> spawn(Fun) end, 1);

%% The same on two schedulers: count is round trips.
work("roundTrips", Count) ->
    play(2 * Count, fun(Fun, Scheduler) -> spawn_opt(Fun, [{scheduler, Scheduler}]) end, 2);

%% One process tells a thousand others.
work("fanOut", Count) ->
    Speeches = max(2, Count div ?WIDTH),
    Main = self(),
    All = [spawn(fun() -> listener(0, 2 * Speeches, Main) end) || _ <- lists:seq(1, ?WIDTH)],
    tell(All, Speeches),
    [L ! {say_at, Speeches} || L <- All],
    await(at, ?WIDTH),
    timed(Speeches * ?WIDTH,
          fun() -> spawn(fun() -> tell(All, Speeches) end), await(done, ?WIDTH) end,
          fun(Heard) -> expect("listeners heard all", Heard, ?WIDTH) end);

%% Children of a supervisor crash, are started again, say so, and are told to crash again.
work("restart", Count) ->
    logger:set_primary_config(level, none),
    register(academy_driver, self()),
    {ok, Supervisor} = supervisor:start_link(?MODULE, []),
    First = [begin {ok, _} = supervisor:start_child(Supervisor, [N]), up() end || N <- lists:seq(1, ?CHILDREN)],
    Again = crash(Count div 5, First),
    timed(Count, fun() -> crash(Count, Again) end,
          fun(Up) -> expect("children alive", alive(Up), ?CHILDREN) end).

%% ---- listeners

listeners(Count) -> [spawn(fun() -> listener(0, 0, none) end) || _ <- lists:seq(1, Count)].

listener(Heard, TellAt, Umpire) ->
    receive
        {message, Text} when byte_size(Text) > 0 ->
            Now = Heard + 1,
            if Now =:= TellAt -> Umpire ! done; true -> ok end,
            listener(Now, TellAt, Umpire);
        {say_at, Heard} ->
            Umpire ! at,
            listener(Heard, TellAt, Umpire);
        stop -> ok
    end.

tell(_, 0) -> ok;
tell(All, Speeches) ->
    [L ! {message, <<"message">>} || L <- All],
    tell(All, Speeches - 1).

await(_, 0) -> ?WIDTH;
await(What, Left) -> receive What -> await(What, Left - 1) after 60000 -> ?WIDTH - Left end.

alive(Pids) -> length([P || P <- Pids, is_process_alive(P)]).

%% ---- memory

grow(0, _, _, Points, All) -> {Points, All};
grow(Left, Step, Live, Points, All) ->
    More = listeners(Step),
    Now = Live + Step,
    grow(Left - 1, Step, Now, [{Now, resident()} | Points], More ++ All).

resident() ->
    case file:read_file("/proc/self/statm") of
        {ok, Text} -> [_, Pages | _] = binary:split(Text, <<" ">>, [global]), binary_to_integer(Pages) * 4096;
        _ -> erlang:memory(total)
    end.

slope(Points) ->
    N = length(Points),
    MeanX = lists:sum([X || {X, _} <- Points]) / N,
    MeanY = lists:sum([Y || {_, Y} <- Points]) / N,
    lists:sum([(X - MeanX) * (Y - MeanY) || {X, Y} <- Points]) / lists:sum([(X - MeanX) * (X - MeanX) || {X, _} <- Points]).

%% ---- players

play(Messages, Start, Right) ->
    Strokes = Messages div 2,
    A = Start(fun() -> player(0, 0, none) end, 1),
    B = Start(fun() -> player(0, 0, none) end, Right),
    _ = game(A, B, Strokes),
    {_, Micros, CpuMs, _, Fault} =
        timed(2 * Strokes, fun() -> game(A, B, Strokes) end, fun(_) -> expect("messages", hits(A) + hits(B), 4 * Strokes) end),
    {2 * Strokes div (case Right of 1 -> 1; _ -> 2 end), Micros, CpuMs, null, Fault}.

game(A, B, Strokes) ->
    A ! {serve, B, Strokes, self()},
    receive over -> ok after 120000 -> late end.

hits(Player) -> Player ! {hits, self()}, receive {hits, Hits} -> Hits after 10000 -> 0 end.

player(Hits, Left, Umpire) ->
    receive
        {ball, _} when Left =:= 1 -> Umpire ! over, player(Hits + 1, 0, Umpire);
        {ball, From} -> From ! {ball, self()}, player(Hits + 1, Left - 1, Umpire);
        {serve, To, Strokes, By} -> To ! {ball, self()}, player(Hits, Strokes, By);
        {hits, By} -> By ! {hits, Hits}, player(Hits, Left, Umpire)
    end.

%% ---- supervision

init([]) ->
    Flags = #{strategy => simple_one_for_one, intensity => 1000000000, period => 1},
    {ok, {Flags, [#{id => child, start => {?MODULE, start_child, []}, restart => permanent}]}}.

start_child(N) -> gen_server:start_link(academy_bench_child, N, []).

up() -> receive {up, Pid} -> Pid after 10000 -> exit(no_child) end.

%% Keeps all children crashing until that many have come up again; those that are up at the end.
crash(Count, Up) ->
    [gen_server:cast(Child, crash) || Child <- lists:sublist(Up, Count)],
    Rest = lists:nthtail(min(Count, length(Up)), Up),
    crash_on(Count, max(0, Count - length(Up)), Rest).

crash_on(0, _, Up) -> Up;
crash_on(Awaited, 0, Up) -> Pid = up(), crash_on(Awaited - 1, 0, [Pid | Up]);
crash_on(Awaited, ToTell, Up) -> gen_server:cast(up(), crash), crash_on(Awaited - 1, ToTell - 1, Up).

%% ---- stop watch

timed(Count, Work, Check) ->
    {Micros, CpuMs, Result} = clocked(Work),
    {Count, Micros, CpuMs, null, Check(Result)}.

clocked(Work) ->
    erlang:garbage_collect(),
    {Cpu, _} = erlang:statistics(runtime),
    Start = erlang:monotonic_time(nanosecond),
    Result = Work(),
    Micros = (erlang:monotonic_time(nanosecond) - Start) / 1000,
    {CpuAfter, _} = erlang:statistics(runtime),
    {max(Micros, 0.001), CpuAfter - Cpu, Result}.

expect(_, Count, Count) -> null;
expect(What, Found, Expected) -> io_lib:format("~p of ~p ~s", [Found, Expected, What]).
