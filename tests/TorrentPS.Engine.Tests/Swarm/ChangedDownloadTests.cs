using System.Collections.Concurrent;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Data that another program changes during a download.</summary>
public sealed class ChangedDownloadTests
{
    private const int PieceLength = 16384;
    private const int Last = 7;

    private static readonly Sample s_sample = Sample.Make(PieceLength, 7, ("a", 8 * PieceLength));

    [Fact]
    public async Task A_changed_piece_is_fetched_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The time of an open file is not known there.");
        ConcurrentQueue<string> told = new();
        await using PhasedSwarm swarm = new(SwarmPhase.Downloading, s_sample, isOnDisk: true, change: options => options with { OnWarning = told.Enqueue });
        AnsweringPeer seed = new(swarm, s_sample, 1, [.. AnsweringPeer.Message(MessageId.Bitfield, 0xFE), .. AnsweringPeer.Message(MessageId.Unchoke)]);
        AnsweringPeer other = new(swarm, s_sample, 2, [.. AnsweringPeer.Message(MessageId.Extended, [0, .. "d1:md11:lt_donthavei9eee"u8]), .. AnsweringPeer.Message(MessageId.HaveNone)]);
        swarm.PassUntil(() => seed.Serve() && Enumerable.Range(0, Last).All(piece => other.Has(AnsweringPeer.Message(MessageId.Have, AnsweringPeer.Index(piece)))));
        OtherProgram.Overwrite(swarm.Folder["a"], 20, keepsTime: false);
        swarm.PassUntil(() => seed.Serve() && other.Has(AnsweringPeer.Message(MessageId.Extended, [9, .. AnsweringPeer.Index(0)])) && other.Count(AnsweringPeer.Message(MessageId.Have, AnsweringPeer.Index(0))) == 2);
        Assert.StartsWith($"'{swarm.Folder["a"]}' was changed by another program", Assert.Single(told));
        Assert.Equal(Last + 1, seed.Requests);
        seed.Send(AnsweringPeer.Message(MessageId.Have, AnsweringPeer.Index(Last)));
        swarm.PassUntil(() => seed.Serve() && swarm.Run.IsCompleted);
        TorrentDownload result = await swarm.Result!;
        Assert.Equal((TorrentState.Completed, null), (result.State, result.Error));
        Assert.Equal(s_sample.Content, SharedFile.ReadAllBytes(swarm.Folder["a"]));
    }
}
