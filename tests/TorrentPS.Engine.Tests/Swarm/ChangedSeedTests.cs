using System.Buffers.Binary;
using System.Collections.Concurrent;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Data that another program changes while it is seeded, mostly without changing its length.</summary>
public sealed class ChangedSeedTests : IAsyncDisposable
{
    private const int PieceLength = 16384;

    private static readonly Sample s_sample = Sample.Make(PieceLength, 7, ("a", 4 * PieceLength), ("b", 4 * PieceLength));
    private static readonly Sample s_shared = Sample.Make(PieceLength, 8, ("a", 3 * PieceLength / 2), ("b", 3 * PieceLength / 2));

    private readonly ConcurrentQueue<string> _told = new();
    private readonly List<byte> _arrived = [];
    private PhasedSwarm? _swarm;
    private int _peers;

    private PhasedSwarm Swarm => _swarm ??= Seed(s_sample);

    public async ValueTask DisposeAsync()
    {
        if (_swarm is not null)
            await _swarm.DisposeAsync();
    }

    [Theory]
    [InlineData(TorrentVersion.V1)]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task An_overwritten_file_is_no_longer_served_and_that_is_reported(TorrentVersion version)
    {
        _swarm = Seed(version == TorrentVersion.V1 ? s_sample : Sample.BuildV2(version, PieceLength, 7, ("a", 4 * PieceLength), ("b", 4 * PieceLength)));
        MemoryPeerStream peer = Connect();
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: false);
        await IsWithdrawnAsync(peer);
    }

    [Theory]
    [InlineData(TorrentVersion.V1, true)]
    [InlineData(TorrentVersion.V1, false)]
    [InlineData(TorrentVersion.V2, true)]
    [InlineData(TorrentVersion.Hybrid, false)]
    public async Task A_complaint_finds_a_change_even_if_the_time_is_unchanged(TorrentVersion version, bool closes)
    {
        _swarm = Seed(version == TorrentVersion.V1 ? s_sample : Sample.BuildV2(version, PieceLength, 7, ("a", 4 * PieceLength), ("b", 4 * PieceLength)));
        MemoryPeerStream peer = Connect(), other = Connect();
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: true);
        Request(other, 0);
        PhasedSwarm.Until(() => other.Waiting > PieceLength);
        if (closes)
            other.Dispose();
        else
            Request(other, 0);
        PhasedSwarm.Until(() => Swarm.Logged(closes ? "closed: Lost" : "asks again for piece 0") == 1);
        for (int i = 0; i < 10; i++)
            Swarm.Time.Advance(TimeSpan.FromSeconds(0.2));
        PhasedSwarm.Until(() => !_told.IsEmpty); // time stops, so that no random piece is read
        await IsWithdrawnAsync(peer);
    }

    [Fact]
    public async Task All_last_pieces_of_a_peer_are_verified_when_it_closes_its_connection()
    {
        MemoryPeerStream peer = Connect(), other = Connect();
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: true);
        for (int piece = 0; piece < 8; piece++)
        {
            Request(other, piece);
            PhasedSwarm.Until(() => Arrived(other, MessageId.Piece, piece));
        }

        other.Dispose();
        PhasedSwarm.Until(() => Swarm.Logged("closed: Lost") == 1);
        for (int i = 0; i < 10; i++)
            Swarm.Time.Advance(TimeSpan.FromSeconds(0.2));
        PhasedSwarm.Until(() => !_told.IsEmpty); // time stops, so that no random piece is read
        await IsWithdrawnAsync(peer);
    }

    [Theory]
    [InlineData("a folder")]
    [InlineData("too many links")]
    [InlineData("access is denied")]
    public async Task An_unreadable_file_is_no_longer_served(string why)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() && why != "a folder", "The system knows no such links and permissions.");
        Assert.SkipWhen(Environment.IsPrivilegedProcess && why == "access is denied", "The superuser may read everything.");
        MemoryPeerStream peer = Connect();
        string path = Swarm.Folder["T/a"];
        if (why == "a folder")
        {
            OtherProgram.PutFolder(path);
        }
        else if (why == "access is denied" && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.None);
        }
        else
        {
            File.Delete(path);
            File.CreateSymbolicLink(path, path);
        }

        Request(peer, 0);
        await IsWithdrawnAsync(peer, errorId: TorrentErrorId.AccessDenied);
        string told = Assert.Single(_told);
        Assert.Contains(why, told);
        Assert.EndsWith(". It is no longer served.", told);
    }

    [Fact]
    public async Task A_seed_without_readable_data_ends()
    {
        MemoryPeerStream peer = Connect();
        OtherProgram.PutFolder(Swarm.Folder["T/a"]);
        Request(peer, 0);
        PassUntil(() => _told.Count == 1);
        Assert.False(Swarm.Run.IsCompleted);
        OtherProgram.PutFolder(Swarm.Folder["T/b"]); // only now: otherwise both would be found missing as time passes
        Request(peer, 7);
        PassUntil(() => Swarm.Run.IsCompleted);
        TorrentDownload result = await Swarm.Result!;
        Assert.Equal((TorrentState.Failed, TorrentErrorId.AccessDenied, 0L), (result.State, result.ErrorId, result.BytesCompleted));
        Assert.Equal($"Could not be read while it was seeded: '{Swarm.Folder["T/a"]}', '{Swarm.Folder["T/b"]}'. 8 of 8 pieces were no longer served. Make the data readable, and seed it again.", result.Error);
    }

    [Fact]
    public async Task A_changed_file_and_an_unreadable_one_are_both_reported_at_the_end()
    {
        MemoryPeerStream peer = Connect();
        OtherProgram.Cut(Swarm.Folder["T/a"], 100);
        OtherProgram.PutFolder(Swarm.Folder["T/b"]);
        Request(peer, 0);
        Request(peer, 7);
        PassUntil(() => Swarm.Run.IsCompleted);
        TorrentDownload result = await Swarm.Result!;
        Assert.Equal(TorrentErrorId.DataMismatch, result.ErrorId);
        Assert.StartsWith($"Changed while it was seeded: '{Swarm.Folder["T/a"]}'. Could not be read while it was seeded: '{Swarm.Folder["T/b"]}'. 8 of 8", result.Error);
    }

    /// <summary>The memory file of this process returns a device error where nothing is mapped: at its beginning.</summary>
    [Fact]
    public async Task A_disk_error_ends_the_seed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is a file that gives such an error only on Linux.");
        MemoryPeerStream peer = Connect();
        File.Delete(Swarm.Folder["T/a"]);
        File.CreateSymbolicLink(Swarm.Folder["T/a"], "/proc/self/mem");
        Request(peer, 0);
        PassUntil(() => Swarm.Run.IsCompleted);
        TorrentDownload result = await Swarm.Result!;
        Assert.Equal((TorrentState.Failed, TorrentErrorId.AccessDenied), (result.State, result.ErrorId));
        Assert.Contains("reports an error", result.Error);
        Assert.Empty(_told);
    }

    [Fact]
    public async Task A_random_piece_that_was_sent_is_read_even_without_complaints()
    {
        MemoryPeerStream peer = Connect(), other = Connect();
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: true);
        Request(other, 0);
        await IsWithdrawnAsync(peer);
    }

    [Fact]
    public async Task A_download_that_continues_to_seed_does_the_same()
    {
        _swarm = Seed(s_sample, options => options with { SeedOnly = false });
        MemoryPeerStream peer = Connect();
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: true);
        Request(peer, 0);
        await IsWithdrawnAsync(peer, pieces: 7);
    }

    [Fact]
    public async Task A_partial_download_does_the_same()
    {
        _swarm = Seed(s_shared, options => options with { Include = ["*/a"] });
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: false);
        PassUntil(() => Swarm.Run.IsCompleted);
        TorrentDownload result = await Swarm.Result!;
        Assert.Equal((TorrentState.Failed, TorrentErrorId.DataMismatch, 0L), (result.State, result.ErrorId, result.BytesCompleted));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_removed_or_truncated_file_is_no_longer_served(bool isRemoved)
    {
        Assert.SkipWhen(isRemoved && OperatingSystem.IsWindows(), "A file that is open stays there.");
        MemoryPeerStream peer = Connect();
        if (isRemoved)
            File.Delete(Swarm.Folder["T/a"]);
        else
            OtherProgram.Cut(Swarm.Folder["T/a"], 100);
        Request(peer, 0);
        await IsWithdrawnAsync(peer);
        Assert.Contains(isRemoved ? "was removed" : "was cut to 100 of 65536 bytes", Assert.Single(_told));
    }

    [Fact]
    public async Task Of_several_files_in_a_piece_the_one_that_is_wrong_elsewhere_too_is_withdrawn()
    {
        _swarm = Seed(s_shared);
        MemoryPeerStream peer = Connect();
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: true);
        OtherProgram.Overwrite(Swarm.Folder["T/a"], PieceLength + 20, keepsTime: true);
        Request(peer, 1);
        PassUntil(() => _told.Count == 2);
        Assert.StartsWith($"One of '{Swarm.Folder["T/a"]}', '{Swarm.Folder["T/b"]}' ", _told.First());
        Assert.StartsWith($"'{Swarm.Folder["T/a"]}' ", _told.Last());
        Request(peer, 2);
        PassUntil(() => Arrived(peer, MessageId.Piece, 2));
        TorrentDownload result = await Swarm.StopAsync();
        Assert.Equal((TorrentErrorId.DataMismatch, (long)PieceLength), (result.ErrorId, result.BytesCompleted));
    }

    [Fact]
    public async Task Of_several_files_in_a_piece_the_truncated_one_is_withdrawn()
    {
        _swarm = Seed(s_shared);
        MemoryPeerStream peer = Connect();
        OtherProgram.Cut(Swarm.Folder["T/b"], 100);
        Request(peer, 1);
        PassUntil(() => !_told.IsEmpty);
        Assert.StartsWith($"'{Swarm.Folder["T/b"]}' was cut", Assert.Single(_told));
        Request(peer, 0);
        PassUntil(() => Arrived(peer, MessageId.Piece, 0));
        TorrentDownload result = await Swarm.StopAsync();
        Assert.Equal((TorrentErrorId.DataMismatch, (long)PieceLength), (result.ErrorId, result.BytesCompleted));
    }

    [Fact]
    public async Task When_it_is_unknown_which_of_several_files_is_wrong_their_piece_is_withdrawn()
    {
        _swarm = Seed(s_shared);
        MemoryPeerStream peer = Connect();
        OtherProgram.Overwrite(Swarm.Folder["T/b"], 20, keepsTime: true);
        Request(peer, 1);
        PassUntil(() => Swarm.Logged("and is still right") == 2);
        Assert.StartsWith($"One of '{Swarm.Folder["T/a"]}', '{Swarm.Folder["T/b"]}' ", Assert.Single(_told));
        foreach (int piece in (int[])[0, 2])
        {
            Request(peer, piece);
            PassUntil(() => Arrived(peer, MessageId.Piece, piece));
        }

        TorrentDownload result = await Swarm.StopAsync();
        Assert.Equal((TorrentErrorId.DataMismatch, 2L * PieceLength), (result.ErrorId, result.BytesCompleted));
    }

    [Theory]
    [InlineData(true, "d1:mdee")]
    [InlineData(false, "d1:md11:lt_donthavei9eee")]
    public async Task A_peer_without_lt_donthave_and_rejects_is_closed(bool supportsFast, string extensions)
    {
        MemoryPeerStream peer = Connect(supportsFast, extensions);
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: false);
        PassUntil(() => Swarm.Logged("closed: Outdated") == 1);
        MemoryPeerStream again = Connect();
        Request(again, 5);
        PassUntil(() => Arrived(again, MessageId.Piece, 5));
        await Swarm.StopAsync();
    }

    [Fact]
    public async Task A_file_with_only_a_new_time_is_still_served()
    {
        MemoryPeerStream peer = Connect();
        File.SetLastWriteTimeUtc(Swarm.Folder["T/a"], DateTime.UtcNow.AddDays(1));
        PassUntil(() => Swarm.Logged("and is still right") > 0);
        Request(peer, 0);
        PassUntil(() => Arrived(peer, MessageId.Piece, 0));
        Assert.Empty(_told);
        TorrentDownload result = await Swarm.StopAsync();
        Assert.Equal((TorrentState.Completed, null), (result.State, result.Error));
    }

    [Fact]
    public async Task A_seed_whose_data_has_all_changed_ends()
    {
        OtherProgram.Overwrite(Swarm.Folder["T/a"], 20, keepsTime: false);
        OtherProgram.Overwrite(Swarm.Folder["T/b"], 3 * PieceLength, keepsTime: false);
        PassUntil(() => Swarm.Run.IsCompleted);
        TorrentDownload result = await Swarm.Result!;
        Assert.Equal((TorrentState.Failed, TorrentErrorId.DataMismatch, 0L), (result.State, result.ErrorId, result.BytesCompleted));
        Assert.Equal(2, _told.Count);
    }

    private PhasedSwarm Seed(Sample sample, Func<DownloadOptions, DownloadOptions>? change = null) => new(SwarmPhase.Seeding, sample, isOnDisk: true, change: options =>
    {
        options = options with { OnWarning = _told.Enqueue, UploadLimit = 0 };
        return change?.Invoke(options) ?? options;
    });

    private async Task IsWithdrawnAsync(MemoryPeerStream peer, int pieces = 4, TorrentErrorId errorId = TorrentErrorId.DataMismatch)
    {
        PassUntil(() => !_told.IsEmpty);
        Assert.StartsWith($"'{Swarm.Folder["T/a"]}' ", Assert.Single(_told));
        for (int piece = 0; piece < 4; piece++)
            PassUntil(() => Arrived(peer, MessageId.Extended, piece));
        Request(peer, 0);
        Request(peer, 5);
        PassUntil(() => Arrived(peer, MessageId.Piece, 5));
        Assert.True(Arrived(peer, MessageId.Reject, 0));
        Assert.False(Arrived(peer, MessageId.Extended, 4));
        TorrentDownload result = await Swarm.StopAsync();
        Assert.Equal((TorrentState.Failed, errorId, (long)pieces * PieceLength), (result.State, result.ErrorId, result.BytesCompleted));
        Assert.Contains(Swarm.Folder["T/a"], result.Error);
    }

    /// <summary>Connects a peer without pieces, and waits until it is unchoked.</summary>
    private MemoryPeerStream Connect(bool supportsFast = true, string extensions = "d1:md11:lt_donthavei9eee")
    {
        int number = ++_peers;
        (MemoryPeerStream peer, _) = Swarm.Come(PhasedSwarm.Address(number), PhasedSwarm.Id(number), supportsFast: supportsFast);
        PhasedSwarm.Until(() => peer.Waiting >= Handshake.Length);
        peer.Send([.. Message(MessageId.Extended, [0, .. System.Text.Encoding.ASCII.GetBytes(extensions)]), .. Message(MessageId.Interested)]);
        List<byte> opening = [];
        PassUntil(() =>
        {
            opening.AddRange(peer.TakeArrived());
            return Contains(opening, Message(MessageId.Unchoke));
        });
        return peer;
    }

    private static void Request(MemoryPeerStream peer, int piece)
    {
        byte[] request = new byte[PeerMessage.RequestLength];
        PeerMessage.WriteBlock(request, MessageId.Request, new BlockRequest(piece, 0, PieceLength));
        peer.Send(request);
    }

    /// <summary>Whether a message about a piece has arrived; of extension messages, its withdrawal.</summary>
    private bool Arrived(MemoryPeerStream peer, MessageId id, int piece)
    {
        _arrived.AddRange(peer.TakeArrived());
        byte[] index = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(index, piece);
        return Contains(_arrived, [(byte)id, .. id == MessageId.Extended ? (byte[])[9] : [], .. index, .. id == MessageId.Piece || id == MessageId.Reject ? new byte[4] : []]);
    }

    private static bool Contains(List<byte> bytes, ReadOnlySpan<byte> part) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes).IndexOf(part) >= 0;

    private static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes.AsSpan(5));
        return bytes;
    }

    /// <summary>Advances the fake clock until a condition holds.</summary>
    private void PassUntil(Func<bool> condition) => PhasedSwarm.Until(() =>
    {
        if (condition())
            return true;
        Swarm.Time.Advance(TimeSpan.FromSeconds(0.2));
        return condition();
    });
}
