using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Whole downloads among hostile peers, on loopback.</summary>
public sealed class HostileSwarmTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private static readonly Sample s_sample = Sample.Make(65536, 21, ("data.bin", 30 * 65536 - 77)); // 30 pieces: two spare bits

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<HostileKind> Offenders() => [.. Enum.GetValues<HostileKind>().Where(kind => kind < HostileKind.SilentFromTheBeginning)];

    /// <summary>The honest peer sends nothing until the hostile one has been dealt with, so all depends on that.</summary>
    [Theory]
    [MemberData(nameof(Offenders))]
    public async Task A_peer_that_violates_the_protocol_is_closed_and_the_honest_one_sends_everything(HostileKind kind)
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
    public async Task A_useless_peer_is_dropped_and_delays_nothing(HostileKind kind)
    {
        FakeTimeProvider time = new();
        using HostilePeer hostile = new(s_sample, kind, time);
        TaskCompletionSource begin = new();
        using ScriptedSeed honest = new(s_sample) { Begin = begin.Task };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [hostile.EndPoint, honest.EndPoint], client: new TorrentClientOptions { TimeProvider = time });
        await hostile.Met.WaitAsync(s_limit, Token);
        await time.UntilAsync(() => hostile.Ended.IsCompleted, 0.2, report: () => leecher.LogText);
        begin.SetResult();
        TorrentDownload result = await leecher.EndAsync(time, step: 0.2);
        Assert.True(result.State == TorrentState.Completed, $"{result.State}: {result.Error}\n{leecher.LogText}");
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(result.Path));
    }

    [Fact]
    public async Task A_peer_that_requests_much_and_takes_nothing_loses_its_place_at_a_seed()
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
        for (int i = 0; i < 480; i++) // twice the whole torrent, and far more than the system's buffers hold
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
