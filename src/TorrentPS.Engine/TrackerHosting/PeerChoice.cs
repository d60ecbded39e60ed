using System.Net.Sockets;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// Chooses the peers of an answer: one of each subscriber before a second of any, by chance where there are more than are wanted, so that whoever
/// announces a thousand peers from one address is one of many, and a local network behind one address is named in full. Not safe for use from several threads.
/// </summary>
internal sealed class PeerChoice
{
    private readonly TrackedSide?[] _sides = new TrackedSide?[4];
    private ulong[] _marks = new ulong[16];
    private Turn[] _turns = new Turn[64];

    /// <summary>Chooses: not the one who asks, for a seeder no seeders, and none that has been silent for too long.</summary>
    /// <param name="swarm">Where from.</param>
    /// <param name="chosen">Gets them.</param>
    /// <param name="self">The place of the one who asks; -1 for none.</param>
    /// <param name="isSeeder">Whether the one who asks has everything.</param>
    /// <param name="family">The family that is asked for.</param>
    /// <param name="before">What was last heard of before this is not chosen.</param>
    /// <returns>How many they are.</returns>
    public int Choose(TrackedSwarm swarm, Span<TrackedPeer> chosen, int self, bool isSeeder, AddressFamily family, int before)
    {
        int total = 0;
        for (int i = 0; i < _sides.Length; i++)
        {
            bool isIPv4 = (i & 1) == 0;
            bool isWanted = (!isSeeder || i < 2) && (family == AddressFamily.Unspecified || family == AddressFamily.InterNetwork == isIPv4);
            _sides[i] = isWanted ? swarm.Side(i >= 2, isIPv4) : null;
            total += _sides[i]?.Count ?? 0;
        }
        if (chosen.IsEmpty || total == 0)
            return 0;
        var pass = new Pass(swarm, self, before);
        return chosen.Length < total ? ChooseSome(pass, chosen, total) : ChooseInTurn(pass, chosen, total);
    }

    /// <summary>One each of as many different subscribers as are wanted, each with the same chance (Floyd's sample).</summary>
    private int ChooseSome(in Pass pass, Span<TrackedPeer> chosen, int total)
    {
        if (_marks.Length * 64 < total)
            _marks = new ulong[total / 32];
        Span<ulong> marks = _marks.AsSpan(0, (total + 63) / 64);
        int count = 0;
        for (int i = total - chosen.Length; i < total; i++)
        {
            int draw = Random.Shared.Next(i + 1);
            if (IsMarked(marks, draw))
                draw = i;
            marks[draw >> 6] |= 1UL << draw;
            TakeOne(pass, TurnOf(draw), chosen, ref count);
        }
        // Those after a place by chance, in place of those that were not of use.
        int begin = Random.Shared.Next(total);
        for (int i = 0; i < total && count < chosen.Length; i++)
        {
            int draw = begin + i < total ? begin + i : begin + i - total;
            if (!IsMarked(marks, draw))
                TakeOne(pass, TurnOf(draw), chosen, ref count);
        }
        marks.Clear();
        return count;
    }

    /// <summary>One of each subscriber, then the second of each, until there are enough or no more.</summary>
    private int ChooseInTurn(in Pass pass, Span<TrackedPeer> chosen, int total)
    {
        if (_turns.Length < total)
            _turns = new Turn[2 * total];
        int begin = Random.Shared.Next(total);
        for (int i = 0; i < total; i++)
            _turns[i] = TurnOf(begin + i < total ? begin + i : begin + i - total);
        int count = 0;
        for (int left = total; left > 0;)
        {
            int still = 0;
            for (int i = 0; i < left; i++)
            {
                Turn turn = _turns[i];
                if (count == chosen.Length)
                    return count;
                TakeOne(pass, ref turn, chosen, ref count);
                if (turn.Looks > 0)
                    _turns[still++] = turn;
            }
            left = still;
        }
        return count;
    }

    private Turn TurnOf(int group)
    {
        int side = 0;
        while (_sides[side] is not { } groups || group >= groups.Count)
            group -= _sides[side++]?.Count ?? 0;
        return new Turn(side, group, _sides[side]![group].Count);
    }

    private void TakeOne(in Pass pass, Turn turn, Span<TrackedPeer> chosen, ref int count) => TakeOne(pass, ref turn, chosen, ref count);

    /// <summary>Takes the next of a ring that is of use, if there is one, and has the one after it begin the next time.</summary>
    private void TakeOne(in Pass pass, ref Turn turn, Span<TrackedPeer> chosen, ref int count)
    {
        ref TrackedSide.Group group = ref _sides[turn.Side]![turn.Group];
        while (turn.Looks > 0)
        {
            turn = turn with { Looks = turn.Looks - 1 };
            int place = group.First;
            ref TrackedPeer peer = ref pass.Swarm[place];
            group.First = peer.Next;
            if (place == pass.Self || peer.LastSeen < pass.Before)
                continue;
            chosen[count++] = peer;
            return;
        }
    }

    private static bool IsMarked(Span<ulong> marks, int place) => (marks[place >> 6] & 1UL << place) != 0;

    /// <summary>What one answer is chosen for.</summary>
    private readonly record struct Pass(TrackedSwarm Swarm, int Self, int Before);

    /// <summary>A subscriber whose turn comes again.</summary>
    private readonly record struct Turn(int Side, int Group, int Looks);
}
