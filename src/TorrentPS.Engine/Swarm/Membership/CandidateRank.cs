namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The order of the due addresses: fewer failures, then nearer, then a better source, then the higher canonical priority (BEP 40).</summary>
/// <param name="Failures">The number of failures since the last success.</param>
/// <param name="IsFar">Whether it is in the Internet, rather than local.</param>
/// <param name="SourceRank">The quality of its source; 0 is best.</param>
/// <param name="Priority">Its canonical priority.</param>
/// <param name="Order">When it was queued, which distinguishes several entries of a candidate.</param>
internal readonly record struct CandidateRank(int Failures, bool IsFar, int SourceRank, uint Priority, long Order) : IComparable<CandidateRank>
{
    public int CompareTo(CandidateRank other)
    {
        int result = Failures.CompareTo(other.Failures);
        if (result == 0)
            result = IsFar.CompareTo(other.IsFar);
        if (result == 0)
            result = SourceRank.CompareTo(other.SourceRank);
        if (result == 0)
            result = other.Priority.CompareTo(Priority);
        return result == 0 ? Order.CompareTo(other.Order) : result;
    }
}
