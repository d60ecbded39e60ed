using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Whole downloads among peers that mean harm, on loopback.</summary>
public sealed class HostileSwarmTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private static readonly Sample s_sample = Sample.Make(65536, 21, ("data.bin", 30 * 65536 - 77)); // 30 pieces: two spare bits

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<HostileKind> Offenders() => [.. Enum.GetValues<HostileKind>().Where(kind => kind < HostileKind.SilentFromTheBeginning)];

    /// <summary>The honest peer sends nothing before the other was dealt with, so all depends on that.</summary>
    [Theory]
    [MemberData(nameof(Offenders))]
    public async Task Who_breaks_the_rules_is_closed_and_the_honest_peer_gives_everything(HostileKind kind)
    {
        using HostilePeer hostile = new(s_sample, kind);
        using ScriptedSeed honest = new(s_sample) { Begin = hostile.Ended };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [hostile.EndPoint, honest.EndPoint]);
        await hostile.Ended.WaitAsync(s_limit, Token);
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result.State}: {result.Error}\n{leecher.LogText}");
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(result.Path));
        bool isLiar = kind is HostileKind.WrongData or HostileKind.WrongDataInOneBlockOfHundred;
        Assert.Equal(isLiar, leecher.LogText.Contains($"{hostile.EndPoint} is banned", StringComparison.Ordinal));
        Assert.DoesNotContain($"{honest.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
        Assert.Equal(1, honest.Connections);
    }

    [Theory]
    [InlineData(HostileKind.SilentFromTheBeginning)]
    [InlineData(HostileKind.SilentAfterUnchoke)]
    [InlineData(HostileKind.OneByteASecond)]
    [InlineData(HostileKind.LengthAlone)]
    public async Task Who_is_of_no_use_is_dropped_and_holds_nothing_up(HostileKind kind)
    {
        FakeTimeProvider time = new();
        using HostilePeer hostile = new(s_sample, kind, time);
        TaskCompletionSource begin = new();
        using ScriptedSeed honest = new(s_sample) { Begin = begin.Task };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [hostile.EndPoint, honest.EndPoint], client: new TorrentClientOptions { TimeProvider = time });
        await hostile.Met.WaitAsync(s_limit, Token);
        for (int i = 0; i < 2000 && !hostile.Ended.IsCompleted; i++)
            await leecher.PassAsync(time, 0.2);
        Assert.True(hostile.Ended.IsCompleted, leecher.LogText);
        begin.SetResult();
        TorrentDownload result = await leecher.EndAsync(time, step: 0.2);
        Assert.True(result.State == TorrentState.Completed, $"{result.State}: {result.Error}\n{leecher.LogText}");
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(result.Path));
    }

    /// <summary>Thirty of a hundred are hostile, of every kind. Who lies does so before any honest peer sends, so every lie is in a piece.</summary>
    [Fact]
    public async Task With_thirty_of_a_hundred_peers_hostile_a_download_completes()
    {
        const long BufferLimit = 8L << 20;
        Sample sample = Sample.Make(256 * 1024, 22, ("data.bin", (24 << 20) - 4321));
        HostileKind[] kinds = [.. Enum.GetValues<HostileKind>().Where(kind => kind != HostileKind.ClosesAtOnce)];
        Assert.Equal(30, kinds.Length);
        List<HostilePeer> hostile = [.. kinds.Select(kind => new HostilePeer(sample, kind))];
        HostilePeer[] liars = [.. hostile.Where(peer => peer.Kind is HostileKind.WrongData or HostileKind.WrongDataInOneBlockOfHundred)];
        Task lied = Task.WhenAll(liars.Select(peer => peer.Lied));
        List<ScriptedSeed> honest = [.. Enumerable.Range(0, 70).Select(_ => new ScriptedSeed(sample) { Begin = lied })];
        GC.Collect();
        long before = GC.GetTotalMemory(true);
        long most = 0;
        try
        {
            await using SwarmMember leecher = SwarmMember.Download(sample.Torrent, null, [.. hostile.Select(peer => peer.EndPoint), .. honest.Select(peer => peer.EndPoint)],
                client: new TorrentClientOptions { BufferLimit = BufferLimit, ConnectionsPerSecond = 1000 });
            while (!leecher.Result.IsCompleted)
            {
                most = Math.Max(most, GC.GetTotalMemory(false) - before);
                await Task.WhenAny(leecher.Result, Task.Delay(20, Token));
            }

            TorrentDownload result = await leecher.EndAsync();
            Assert.True(result.State == TorrentState.Completed, $"{result.State}: {result.Error}\n{leecher.LogText}");
            byte[] data = SharedFile.ReadAllBytes(result.Path);
            Assert.True(data.AsSpan().SequenceEqual(sample.Content));
            foreach (HostilePeer liar in liars)
                Assert.Contains($"{liar.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
            foreach (ScriptedSeed peer in honest)
                Assert.DoesNotContain($"{peer.EndPoint} is banned", leecher.LogText, StringComparison.Ordinal);
            Assert.All(honest, peer => Assert.InRange(peer.Connections, 0, 1));
            // Buffers, what a hundred sessions receive into, and the hundred peers themselves, which are in this process as well.
            Assert.InRange(most, 0, BufferLimit + (96L << 20));
            TestContext.Current.TestOutputHelper?.WriteLine($"At most {most / 1048576.0:0.0} MiB of heap; {result.Wasted} bytes wasted in {result.Elapsed}.");
        }
        finally
        {
            foreach (IDisposable peer in (IEnumerable<IDisposable>)[.. hostile, .. honest])
                peer.Dispose();
        }
    }

    [Fact]
    public async Task Who_asks_for_much_and_takes_nothing_loses_its_place_at_a_seed()
    {
        FakeTimeProvider time = new();
        Sample sample = Sample.Make(65536, 23, ("data.bin", 100 * 65536));
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample, client: new TorrentClientOptions { TimeProvider = time });
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(seed.EndPoint, Token);
        byte[] bytes = new byte[Handshake.Length + 5 + 480 * PeerMessage.RequestLength];
        Handshake.Write(bytes, sample.Torrent.InfoHash.Wire, "-BD0001-nevertakes!!"u8);
        bytes.AsSpan(Handshake.ReservedOffset, 8).Clear();
        PeerMessage.WriteState(bytes.AsSpan(Handshake.Length), MessageId.Interested);
        await socket.SendAsync(bytes.AsMemory(0, Handshake.Length + 5), Token);
        await ReadUntilUnchokedAsync(socket, sample.Torrent.PieceCount);
        for (int i = 0; i < 480; i++) // twice all there is, and far more than the system's buffers hold
            PeerMessage.WriteBlock(bytes.AsSpan(i * PeerMessage.RequestLength), MessageId.Request, new BlockRequest(i % 100, 16384 * (i / 100 % 4), 16384));
        await socket.SendAsync(bytes.AsMemory(0, 480 * PeerMessage.RequestLength), Token);
        double passed = 0;
        for (; passed < 600 && !seed.LogText.Contains("closed: TimedOut", StringComparison.Ordinal); passed += 1)
            await seed.PassAsync(time, 1);
        Assert.InRange(passed, 100, 599);
    }

    private static async Task ReadUntilUnchokedAsync(Socket socket, int pieceCount)
    {
        byte[] opening = new byte[Handshake.Length + 5 + (pieceCount + 7) / 8 + 5];
        for (int count = 0; count < opening.Length;)
        {
            int received = await socket.ReceiveAsync(opening.AsMemory(count), Token);
            Assert.NotEqual(0, received);
            count += received;
        }

        Assert.Equal((byte)MessageId.Unchoke, opening[^1]);
    }
}
